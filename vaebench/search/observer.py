"""The observer: what a caller of a study hears of its progress."""

from typing import Protocol

from vaebench.study.records import StudyRecord, TrialRecord


class Observer(Protocol):
    """Hears of every step, in order, in the coordinator's main thread: a progress display, or a projection."""

    def started(self, record: StudyRecord, target: int) -> None:
        """Hear that the search starts: `record` holds what there is, `target` is how many trials there are to be."""

    def trial_finished(self, trial: TrialRecord) -> None:
        """Hear of a trial, failed or not, once it is persisted."""

    def confirming(self, count: int) -> None:
        """Hear that the confirmation of `count` trials starts."""

    def confirmed(self, trial: TrialRecord) -> None:
        """Hear of a trial whose confirmation, which it holds, is persisted."""

    def nothing_to_do(self, record: StudyRecord) -> None:
        """Hear that everything asked for was there already; nothing has been started."""


class Silent:
    """An observer that says nothing."""

    def started(self, record: StudyRecord, target: int) -> None:
        """Say nothing."""

    def trial_finished(self, trial: TrialRecord) -> None:
        """Say nothing."""

    def confirming(self, count: int) -> None:
        """Say nothing."""

    def confirmed(self, trial: TrialRecord) -> None:
        """Say nothing."""

    def nothing_to_do(self, record: StudyRecord) -> None:
        """Say nothing."""
