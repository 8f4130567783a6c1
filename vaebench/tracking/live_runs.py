"""Writes finished trials while the search runs, in the process that has MLflow. A fault is told, never raised."""

from pathlib import Path

from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.runs import trial_run
from vaebench.tracking.store import complaint
from vaebench.tracking.writer import StudyRuns


class LiveRuns:
    """The runs of a study whose search is under way. Each call returns why it failed; None if it did not."""

    def __init__(self, home: Path, record: StudyRecord) -> None:
        self._home, self._record = home, record
        self._runs: StudyRuns | None = None
        self._failed = False

    def open(self) -> str | None:
        """Find or create the runs."""
        return self._done(None)

    def write(self, trial: TrialRecord) -> str | None:
        """Write a trial, and open the runs first if that has failed so far."""
        return self._done(trial)

    def _done(self, trial: TrialRecord | None) -> str | None:
        try:
            if self._runs is None:
                opened = StudyRuns.open(self._home, self._record)
                opened.client.update_run(opened.parent_run_id, status="RUNNING")
                self._runs = opened
            elif self._failed:  # it may have left a run half written, or have been carried out nevertheless
                self._runs.look()
            if trial is not None:
                self._runs.write(trial_run(self._record, trial))
                self._runs.note_best(trial)
        except Exception as error:  # nothing that happens here may reach the search
            self._failed = True
            return complaint(self._home, self._record.name, error)
        self._failed = False
        return None
