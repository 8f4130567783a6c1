"""The record store: a study's record on disk. It holds finished trials only, each with its full result.

It is an Optuna study in a journal file, so Optuna's tools (optuna-dashboard, visualisations) work on it. A trial is one
line, written at once; everything else is a user attribute of the study. No trial in it is ever RUNNING.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Self

import optuna
from optuna.storages import JournalStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from pydantic import TypeAdapter

from vaebench.errors import InputError
from vaebench.files import JOURNAL, existing_study, study_folder
from vaebench.rows import MAIN_METRICS
from vaebench.search.journal import UNREADABLE, damaged, open_journal
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import difference, from_plain, to_plain
from vaebench.study.records import Attainable, BaselineRecord, Diagnosis, Result, StudyRecord, TrialRecord

FORMAT = 1
"""The number of the record's format. Raise it where an earlier version could not read what is written from now on, or
would take it for something else; and keep a record of the version before in the tests. The first records have none."""
RECORD = "record"
ARM = "arm"
BASELINE = "reference:"  # the first records called baselines references
_trial = TypeAdapter(TrialRecord)
_baseline = TypeAdapter(BaselineRecord)
_results = TypeAdapter(tuple[Result, ...])
_diagnosis = TypeAdapter(Diagnosis)


class RecordStore:
    """The record of one study. Writing needs the study's lock (see vaebench.search.lock)."""

    def __init__(self, study: optuna.Study, path: Path) -> None:
        self._study, self._path = study, path

    @classmethod
    def create_or_open(cls, home: Path, definition: StudyDefinition) -> Self:
        """Open the study of `definition` for writing; create it if there is none.

        Raises InputError if another definition was run under this name.
        """
        path = study_folder(home, definition.name) / JOURNAL
        path.parent.mkdir(parents=True, exist_ok=True)
        storage = _opened(path, writing=True)
        if definition.name in optuna.get_all_study_names(storage):
            study = optuna.load_study(storage=storage, study_name=definition.name)
        else:
            directions = [StudyDirection.MINIMIZE for _ in definition.objectives]
            study = optuna.create_study(storage=storage, study_name=definition.name, directions=directions)
        plain = to_plain(definition)
        stored = study.user_attrs.get("definition")
        if stored is not None and (lines := difference(_defined(study, path), definition)):
            changes = "\n".join(f"  {line}" for line in lines)
            raise InputError(
                f"study {definition.name!r} exists with another definition; "
                f"give it a new name, or start it over with --fresh:\n{changes}"
            )
        if study.user_attrs.get("format") != FORMAT:
            study.set_user_attr("format", FORMAT)
        if stored != plain:
            study.set_user_attr("definition", plain)
        return cls(study, path)

    @classmethod
    def open(cls, home: Path, name: str, *, writing: bool = False) -> Self:
        """Open the study called `name`. Raises InputError, with the known names, if it was never run."""
        path = existing_study(home, name) / JOURNAL
        storage = _opened(path, writing=writing)
        if name in optuna.get_all_study_names(storage):
            study = optuna.load_study(storage=storage, study_name=name)
            if "definition" in study.user_attrs:
                return cls(study, path)
        raise InputError(f"study {name!r} has not begun: it is just starting, or was killed before; then run it again")

    @property
    def definition(self) -> StudyDefinition:
        """The definition the study was last run with. Raises InputError if it is damaged."""
        return _defined(self._study, self._path)

    def add(self, asked: FrozenTrial, trial: TrialRecord, values: tuple[float, ...] | None) -> FrozenTrial:
        """Persist a finished trial in one write: what was asked, its record, its objectives (None if it failed)."""
        count = self.count
        assert trial.number == count, f"trial {trial.number} is told in place of trial {count}"
        finished = FrozenTrial(
            number=trial.number,
            trial_id=-1,  # the storage assigns one
            state=TrialState.FAIL if values is None else TrialState.PRUNED if trial.pruned else TrialState.COMPLETE,
            value=None,
            values=values,
            datetime_start=datetime.fromtimestamp(trial.started),
            datetime_complete=datetime.fromtimestamp(trial.ended),
            params=asked.params,
            distributions=asked.distributions,
            user_attrs={ARM: trial.arm, RECORD: _trial.dump_python(trial, mode="json")},
            system_attrs={**asked.system_attrs, **({"fail_reason": trial.reason} if values is None else {})},
            intermediate_values={},
        )
        self._study.add_trial(finished)
        return finished

    @property
    def count(self) -> int:
        """The number of finished trials."""
        return len(self._study.get_trials(deepcopy=False))

    def finished(self, arm: str) -> list[FrozenTrial]:
        """Return the finished trials of an arm, as Optuna stores them, in order."""
        return [trial for trial in self._study.get_trials(deepcopy=False) if trial.user_attrs[ARM] == arm]

    def set_attainable(self, attainable: Attainable) -> None:
        """Persist the attainable errors."""
        self._study.set_user_attr("attainable", asdict(attainable))

    def set_baseline(self, baseline: BaselineRecord) -> None:
        """Persist a baseline; this replaces what was stored for it."""
        self._study.set_user_attr(f"{BASELINE}{baseline.name}", _baseline.dump_python(baseline, mode="json"))

    def set_confirmation(self, number: int, results: Sequence[Result]) -> None:
        """Persist the confirmation of trial `number`; this replaces what was stored for it."""
        self._study.set_user_attr(f"confirmation:{number}", _results.dump_python(tuple(results), mode="json"))

    def set_diagnosis(self, number: int, diagnosis: Diagnosis) -> None:
        """Persist the diagnosis of trial `number`."""
        self._study.set_user_attr(f"diagnosis:{number}", _diagnosis.dump_python(diagnosis, mode="json"))

    def record(self) -> StudyRecord:
        """Return the record of the study. Raises InputError if it is damaged."""
        try:
            return self._record()
        except UNREADABLE as error:
            raise damaged(self._path, error) from None

    def _record(self) -> StudyRecord:
        attributes = self._study.user_attrs
        trials = [_trial.validate_python(trial.user_attrs[RECORD]) for trial in self._study.get_trials(deepcopy=False)]
        if gaps := [number for number, trial in enumerate(trials) if trial.number != number]:
            raise ValueError(f"trial {gaps[0]} is missing")
        return StudyRecord(
            definition=self.definition,
            attainable=_attainable(attributes),
            trials=tuple(_with_confirmation(trial, attributes) for trial in trials),
            baselines=tuple(
                _baseline.validate_python(value) for key, value in attributes.items() if key.startswith(BASELINE)
            ),
        )


def _opened(path: Path, *, writing: bool) -> JournalStorage:
    """Open the journal. Raises InputError if it is damaged, or of a later format; then nothing is written."""
    if path.exists() and path.stat().st_size:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            formats = [int(number) for number in re.findall(rb'"user_attr":\{"format":(\d+)\}', content)]
        if (written := max(formats, default=0)) > FORMAT:
            raise InputError(
                f"{path}: a later version of vaebench wrote this record (format {written}, and this version reads up "
                f"to {FORMAT}): install that version, or use another --home"
            )
    return open_journal(path, writing=writing)


def _defined(study: optuna.Study, path: Path) -> StudyDefinition:
    try:
        return from_plain(study.user_attrs["definition"])
    except UNREADABLE as error:
        raise damaged(path, error) from None


def _attainable(attributes: dict[str, Any]) -> Attainable:
    """Read the attainable errors. The first records have two attributes for them, of which the second is a sentence."""
    stored = attributes.get("attainable", {})
    if not stored or "metrics" in stored:
        return Attainable(**stored)
    found = re.fullmatch(r"(\w+), (\d+) draws, standard errors (.*)", attributes.get("attainable_by", ""))
    if found is None:  # killed between writing the two
        return Attainable(stored)
    errors = [float(percent.rstrip("%")) / 100 for percent in found[3].split(", ")]
    standard_errors = {name: stored[name] * error for name, error in zip(MAIN_METRICS, errors, strict=True)}
    return Attainable(stored, standard_errors, found[1], int(found[2]))


def _with_confirmation(trial: TrialRecord, attributes: dict[str, Any]) -> TrialRecord:
    results = attributes.get(f"confirmation:{trial.number}", [])
    diagnosis = attributes.get(f"diagnosis:{trial.number}")
    return replace(
        trial,
        confirmation=_results.validate_python(results),
        diagnosis=None if diagnosis is None else _diagnosis.validate_python(diagnosis),
    )
