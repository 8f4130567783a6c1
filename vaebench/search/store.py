"""The record store: a study's record. It holds finished trials only, each with its full result.

It is an Optuna study, in a journal file or a database, so Optuna's tools (optuna-dashboard, visualisations) work on it.
A trial is written at once; everything else is a user attribute of the study. No trial in it is ever RUNNING.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter

from vaebench.errors import InputError
from vaebench.rows import MAIN_METRICS
from vaebench.search.replay import (
    CREATE_STUDY,
    CREATE_TRIAL,
    FORMAT,
    SET_STUDY_ATTRIBUTE,
    UNREADABLE,
    Line,
)
from vaebench.search.storage import Journal, existing_study, storage_at
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import difference, from_plain, to_plain
from vaebench.study.file.earlier import going_on
from vaebench.study.records import Attainable, BaselineRecord, Diagnosis, Result, StudyRecord, TrialRecord

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

RECORD = "record"
ARM = "arm"
BASELINE = "reference:"  # the first records called baselines references
MINIMIZE = 1
"""Optuna's number for a direction."""
_attained = TypeAdapter(Attainable)
_trial = TypeAdapter(TrialRecord)
_baseline = TypeAdapter(BaselineRecord)
_results = TypeAdapter(tuple[Result, ...])
_diagnosis = TypeAdapter(Diagnosis)


class RecordStore:
    """The record of one study. Writing needs the study's lock (see vaebench.search.lock)."""

    def __init__(self, journal: Journal) -> None:
        """Read `journal` but for its trials, which are only counted. A missing one is empty."""
        self._journal = journal
        self._record: StudyRecord | None = None
        found = journal.replay()
        self._study, self._attributes = found.study, found.attributes
        self.count = found.trials
        """The number of finished trials."""

    @classmethod
    def create_or_open(cls, home: Path, definition: StudyDefinition) -> Self:
        """Open the study of `definition` for writing; create it if there is none.

        Raises InputError, and writes nothing, if another definition was run under this name or the record is damaged.
        """
        store = cls(storage_at(home).journal(definition.name))
        stored = store._attributes.get("definition")
        if stored is not None:
            definition = going_on(store.definition, definition)
            if lines := difference(store.definition, definition):
                changes = "\n".join(f"  {line}" for line in lines)
                raise InputError(
                    f"study {definition.name!r} exists with another definition; "
                    f"give it a new name, or start it over with --fresh:\n{changes}"
                )
            store.record()
        elif store.count:
            raise InputError(
                f"{store._journal.where}: it has trials but no definition: vaebench did not make it, or it is damaged; "
                "give the study a new name, or start it over with --fresh"
            )
        store._journal.prepare()
        if store._study is None:
            directions = [MINIMIZE for _ in definition.objectives]
            store._append(CREATE_STUDY, {"study_name": definition.name, "directions": directions})
            store._study = store._journal.replay().study
        for name, value in (("format", FORMAT), ("definition", to_plain(definition))):
            if store._attributes.get(name) != value:
                store._set(name, value)
        return store

    @classmethod
    def open(cls, home: Path, name: str, *, writing: bool = False) -> Self:
        """Open the study called `name`. Raises InputError, with the known names, if it was never run."""
        store = cls(existing_study(home, name).journal(name))
        if writing:
            store._journal.prepare()
        if "definition" in store._attributes:
            return store
        raise InputError(f"study {name!r} has not begun: it is just starting, or was killed before; then run it again")

    @property
    def definition(self) -> StudyDefinition:
        """The definition the study was last run with. Raises InputError if it is damaged."""
        try:
            return from_plain(self._attributes["definition"])
        except UNREADABLE as error:
            raise self._journal.damaged(error) from None

    def add(self, asked: "FrozenTrial", trial: TrialRecord, values: tuple[float, ...] | None) -> "FrozenTrial":
        """Persist a finished trial in one write: what was asked, its record, its objectives (None if it failed).

        Return it as `finished` would.
        """
        from vaebench.search.trial_lines import frozen_trial, trial_line

        assert trial.number == self.count, f"trial {trial.number} is told in place of trial {self.count}"
        assert self._study is not None
        attributes = {ARM: trial.arm, RECORD: _trial.dump_python(trial, mode="json", exclude_defaults=True)}
        line = trial_line(self._study, asked, trial, values, attributes)
        self._append(CREATE_TRIAL, line)
        self.count += 1
        return frozen_trial(line, trial.number)

    def finished(self) -> dict[str, list["FrozenTrial"]]:
        """Return the finished trials of each arm that has any, as Optuna's, in order."""
        from vaebench.search.trial_lines import frozen_trial  # reading a record should not wait for Optuna

        arms = defaultdict[str, list["FrozenTrial"]](list)
        numbers = count()

        def keep(line: Line) -> None:
            arms[line["user_attrs"][ARM]].append(frozen_trial(line, next(numbers)))

        self._journal.replay(keep)
        return arms

    def set_attainable(self, attainable: Attainable) -> None:
        """Persist the attainable errors."""
        self._set("attainable", asdict(attainable))

    def set_baseline(self, baseline: BaselineRecord) -> None:
        """Persist a baseline; this replaces what was stored for it."""
        self._set(f"{BASELINE}{baseline.name}", _baseline.dump_python(baseline, mode="json", exclude_defaults=True))

    def set_confirmation(self, number: int, results: Sequence[Result]) -> None:
        """Persist the confirmation of trial `number`; this replaces what was stored for it."""
        self._set(f"confirmation:{number}", _results.dump_python(tuple(results), mode="json", exclude_defaults=True))

    def set_diagnosis(self, number: int, diagnosis: Diagnosis) -> None:
        """Persist the diagnosis of trial `number`."""
        self._set(f"diagnosis:{number}", _diagnosis.dump_python(diagnosis, mode="json"))

    def record(self) -> StudyRecord:
        """Return the record of the study, which is kept until the next write. Raises InputError if it is damaged."""
        if self._record is None:
            trials: list[TrialRecord] = []
            found = self._journal.replay(lambda line: trials.append(_trial_of(line, len(trials))))
            try:
                self._record = _record_of(found.attributes, trials)
            except UNREADABLE as error:
                raise self._journal.damaged(error) from None
        return self._record

    def _set(self, name: str, value: object) -> None:
        self._append(SET_STUDY_ATTRIBUTE, {"study_id": self._study, "user_attr": {name: value}})
        self._attributes[name] = value

    def _append(self, operation: int, content: Line) -> None:
        self._record = None
        self._journal.append(operation, content)


def _trial_of(line: Line, number: int) -> TrialRecord:
    trial = _trial.validate_python(line["user_attrs"][RECORD])
    if trial.number != number:
        raise ValueError(f"trial {number} is missing")
    if not trial.results:
        raise ValueError(f"trial {number} has no result")
    if line["params"].keys() != line["distributions"].keys():
        raise ValueError(f"trial {number} lacks what Optuna asked")
    return trial


def _record_of(attributes: dict[str, Any], trials: Sequence[TrialRecord]) -> StudyRecord:
    return StudyRecord(
        definition=from_plain(attributes["definition"]),
        attainable=_attainable(attributes),
        trials=tuple(_with_confirmation(trial, attributes) for trial in trials),
        baselines=tuple(
            _baseline.validate_python(value) for key, value in attributes.items() if key.startswith(BASELINE)
        ),
    )


def _attainable(attributes: dict[str, Any]) -> Attainable:
    """Read the attainable errors. The first records have two attributes for them, of which the second is a sentence."""
    stored = attributes.get("attainable", {})
    if not stored or "metrics" in stored:
        return _attained.validate_python(asdict(Attainable(**stored)))
    found = re.fullmatch(r"(\w+), (\d+) draws, standard errors (.*)", attributes.get("attainable_by", ""))
    if found is None:  # killed between writing the two
        return _attained.validate_python({"metrics": stored})
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
