"""A study's record in Optuna's tables, in the lines of its journal."""

import json
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from vaebench.errors import InputError
from vaebench.search.replay import (
    CREATE_STUDY,
    CREATE_TRIAL,
    SET_STUDY_ATTRIBUTE,
    UNREADABLE,
    Line,
    Replayed,
    check_format,
)

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

    from vaebench.search.database import Database

STUDY = """
SELECT study_id, (SELECT count(*) FROM trials WHERE trials.study_id = studies.study_id),
    (SELECT json_agg(json_build_array(key, value_json) ORDER BY study_user_attribute_id)
    FROM study_user_attributes WHERE study_user_attributes.study_id = studies.study_id)
FROM studies WHERE study_name = %s
"""
"""A study's id, number of trials, and attributes in the order in which they were first set, as of one moment."""


class DatabaseJournal:
    """The record of one study, in a database."""

    def __init__(self, database: "Database", name: str) -> None:
        self.where = f"study {name!r} in {database.where}"
        self._database, self._name = database, name

    def replay(self, trial: Callable[[Line], None] | None = None) -> Replayed:
        """Read the study's rows; without `trial`, its trials are only counted."""
        database = self._database
        if not database.has_tables() or not (rows := database.rows(STUDY, self._name)):
            return Replayed()
        ((study, trials, attributes),) = rows
        try:
            found = Replayed(study, {key: json.loads(value) for key, value in attributes or ()}, trials)
            check_format(self.where, int(found.attributes.get("format", 0)))
            if trial is None:
                return found
            from vaebench.search.trial_lines import stored_line

            with database.told():
                stored = database.reading.get_all_trials(study, deepcopy=False)
            for found.trials, one in enumerate(stored, 1):
                trial(stored_line(study, one))
        except UNREADABLE as error:
            raise self.damaged(error) from None
        return found

    def prepare(self) -> None:
        """Create the tables where there are none."""
        self._database.create_tables()

    def append(self, operation: int, content: Line) -> None:
        """Write a line, in one transaction of the connection that holds the study's lock."""
        from vaebench.search.trial_lines import frozen_trial

        with self._database.told():
            if operation == CREATE_STUDY:
                study = self._writing.create_new_study(content["directions"], self._name)
                self._writing.set_study_user_attr(study, "mlflow", self._database.new_ids(self._name))
            elif operation == SET_STUDY_ATTRIBUTE:
                for name, value in content["user_attr"].items():
                    self._writing.set_study_user_attr(content["study_id"], name, value)
            else:
                assert operation == CREATE_TRIAL
                trial = frozen_trial(content, 0)  # the database counts
                trial.user_attrs = content["user_attrs"]
                self._writing.create_new_trial(content["study_id"], trial)

    def delete(self) -> None:
        """Delete the study, if it is there."""
        database = self._database
        if database.has_tables() and (rows := database.rows(STUDY, self._name)):
            with database.told():
                self._writing.delete_study(rows[0][0])

    def damaged(self, error: Exception) -> InputError:
        """Return the refusal, with the ways out."""
        return InputError(
            f"{self.where}: the record is damaged ({type(error).__name__}: {str(error).partition(chr(10))[0]}): "
            "restore a copy of the database, or start the study over with --fresh"
        )

    @cached_property
    def _writing(self) -> "RDBStorage":
        return self._database.writing(self._name)
