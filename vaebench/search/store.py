"""The record store: what is known of a study, on disk. Only finished trials are in it, each with its full result.

It is an Optuna study in a journal file, so that Optuna's own tools (optuna-dashboard, visualisations) work on it. A
trial is one line, written at once; everything else is a user attribute of the study. Nothing in it is ever RUNNING.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from pydantic import TypeAdapter

from vaebench.errors import InputError
from vaebench.scoring.attainable import Attainable
from vaebench.search.home import JOURNAL, existing, folder
from vaebench.search.journal import open_journal
from vaebench.study import file as study_file
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Diagnosis, ReferenceRecord, Result, StudyRecord, TrialRecord

RECORD = "record"
ARM = "arm"
_trial = TypeAdapter(TrialRecord)
_reference = TypeAdapter(ReferenceRecord)
_results = TypeAdapter(tuple[Result, ...])
_diagnosis = TypeAdapter(Diagnosis)


class RecordStore:
    """The record of one study. Writing needs the study's lock (see vaebench.search.lock)."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study

    @classmethod
    def create_or_open(cls, home: Path, definition: StudyDefinition) -> Self:
        """Open the study of `definition` for writing, and create it where there is none.

        Raises InputError where another definition has run under this name.
        """
        path = folder(home, definition.name) / JOURNAL
        path.parent.mkdir(parents=True, exist_ok=True)
        storage = open_journal(path, writing=True)
        if definition.name in optuna.get_all_study_names(storage):
            study = optuna.load_study(storage=storage, study_name=definition.name)
        else:
            directions = [StudyDirection.MINIMIZE for _ in definition.objectives]
            study = optuna.create_study(storage=storage, study_name=definition.name, directions=directions)
        plain = study_file.to_plain(definition)
        stored = study.user_attrs.get("definition")
        if stored is not None and (lines := study_file.difference(stored, plain)):
            changes = "\n".join(f"  {line}" for line in lines)
            raise InputError(
                f"study {definition.name!r} exists with another definition; "
                f"give it a new name, or start it over with --fresh:\n{changes}"
            )
        if stored != plain:
            study.set_user_attr("definition", plain)
        return cls(study)

    @classmethod
    def open(cls, home: Path, name: str, *, writing: bool = False) -> Self:
        """Open the study called `name`. Raises InputError, with the known names, where nobody ran it."""
        storage = open_journal(existing(home, name) / JOURNAL, writing=writing)
        if name in optuna.get_all_study_names(storage):
            study = optuna.load_study(storage=storage, study_name=name)
            if "definition" in study.user_attrs:
                return cls(study)
        raise InputError(f"study {name!r} was killed before it began: run it again")

    @property
    def definition(self) -> StudyDefinition:
        """The definition the study was last run with."""
        return study_file.from_plain(self._study.user_attrs["definition"])

    def add(self, asked: FrozenTrial, trial: TrialRecord, values: tuple[float, ...] | None) -> FrozenTrial:
        """Persist a finished trial in one write: what was asked, its record, its objectives (None where it failed)."""
        count = self.count
        assert trial.number == count, f"trial {trial.number} is told in place of trial {count}"
        finished = FrozenTrial(
            number=trial.number,
            trial_id=-1,  # the storage gives it one
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
        """How many trials there are."""
        return len(self._study.get_trials(deepcopy=False))

    def finished(self, arm: str) -> list[FrozenTrial]:
        """Return the trials of an arm as Optuna keeps them, in order."""
        return [trial for trial in self._study.get_trials(deepcopy=False) if trial.user_attrs[ARM] == arm]

    def set_attainable(self, attainable: Attainable) -> None:
        """Persist the attainable errors, and where they come from."""
        self._study.set_user_attr("attainable", dict(attainable.metrics))
        self._study.set_user_attr("attainable_by", attainable.source)

    def set_reference(self, reference: ReferenceRecord) -> None:
        """Persist a reference, in place of what there was of it."""
        self._study.set_user_attr(f"reference:{reference.name}", _reference.dump_python(reference, mode="json"))

    def set_confirmation(self, number: int, results: Sequence[Result]) -> None:
        """Persist the confirmation of trial `number`, in place of what there was of it."""
        self._study.set_user_attr(f"confirmation:{number}", _results.dump_python(tuple(results), mode="json"))

    def set_diagnosis(self, number: int, diagnosis: Diagnosis) -> None:
        """Persist the diagnosis of trial `number`."""
        self._study.set_user_attr(f"diagnosis:{number}", _diagnosis.dump_python(diagnosis, mode="json"))

    def record(self) -> StudyRecord:
        """Return all that is known of the study."""
        attributes = self._study.user_attrs
        definition = self.definition
        return StudyRecord(
            name=self._study.study_name,
            definition=attributes["definition"],
            columns=definition.data_set.columns,
            objectives=definition.objectives,
            attainable=attributes.get("attainable", {}),
            attainable_by=attributes.get("attainable_by", ""),
            trials=tuple(
                _with_confirmation(_trial.validate_python(trial.user_attrs[RECORD]), attributes)
                for trial in self._study.get_trials(deepcopy=False)
            ),
            references=tuple(
                _reference.validate_python(value) for key, value in attributes.items() if key.startswith("reference:")
            ),
        )


def _with_confirmation(trial: TrialRecord, attributes: dict[str, Any]) -> TrialRecord:
    results = attributes.get(f"confirmation:{trial.number}", [])
    diagnosis = attributes.get(f"diagnosis:{trial.number}")
    return replace(
        trial,
        confirmation=_results.validate_python(results),
        diagnosis=None if diagnosis is None else _diagnosis.validate_python(diagnosis),
    )
