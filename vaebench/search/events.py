"""Events that a run reports to its observer, in order, in the coordinator's main thread."""

from collections.abc import Callable
from dataclasses import dataclass

from vaebench.study.definition import StudyDefinition
from vaebench.study.records import StudyRecord, TrialRecord


@dataclass(frozen=True)
class Loaded:
    """The study file is read and valid; the run begins."""

    definition: StudyDefinition


@dataclass(frozen=True)
class Step:
    """A step begins (starting workers, scoring baselines, ...), so the one before has ended."""

    what: str
    pieces: int = 0
    """How many pieces the step has; 0 if unknown."""


@dataclass(frozen=True)
class Advanced:
    """One more piece of the step is done; in the search, a fit."""

    seconds: float = 0.0
    """What a fit took."""


@dataclass(frozen=True)
class TrialsToCome:
    """There are trials to come, and what an error is measured against is known. The workers are started next."""

    record: StudyRecord
    """The study so far."""


@dataclass(frozen=True)
class SearchStarted:
    """The search begins or is resumed."""

    record: StudyRecord
    """The study so far."""
    target: int
    """How many trials there should be at the end."""


@dataclass(frozen=True)
class TrialFinished:
    """A trial, failed or not, is persisted."""

    trial: TrialRecord


@dataclass(frozen=True)
class ConfirmationStarted:
    """The confirmation of `trials` trials begins, or goes on with those that are left, in so many `fits`."""

    trials: int
    fits: int
    later: int = 0
    """Fits that follow at most: if all these trials go on."""


@dataclass(frozen=True)
class TrialConfirmed:
    """A trial's confirmation is persisted; `trial` includes it."""

    trial: TrialRecord


@dataclass(frozen=True)
class NothingToDo:
    """Everything asked for was done already, so no worker was started."""

    record: StudyRecord


Event = (
    Loaded
    | Step
    | Advanced
    | TrialsToCome
    | SearchStarted
    | TrialFinished
    | ConfirmationStarted
    | TrialConfirmed
    | NothingToDo
)
Observer = Callable[[Event], None]
"""Called with every event: the progress display, for example, or live tracking."""


def unheard(event: Event) -> None:
    """Ignore an event."""


def both(first: Observer, second: Observer) -> Observer:
    """Return an observer that passes each event on to the two."""

    def hear(event: Event) -> None:
        first(event)
        second(event)

    return hear
