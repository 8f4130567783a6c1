"""Events: what a run tells whoever listens, in order, in the coordinator's main thread."""

from collections.abc import Callable
from dataclasses import dataclass

from vaebench.study.definition import StudyDefinition
from vaebench.study.records import StudyRecord, TrialRecord


@dataclass(frozen=True)
class Loaded:
    """The definition is read and valid; the run begins."""

    definition: StudyDefinition


@dataclass(frozen=True)
class Step:
    """A step begins: starting workers, scoring baselines, confirming, ...; the one before has ended."""

    what: str
    pieces: int = 0
    """How many pieces it has; 0 where that is not known."""


@dataclass(frozen=True)
class Advanced:
    """One more piece of the step is done."""


@dataclass(frozen=True)
class SearchStarted:
    """The search begins, or goes on."""

    record: StudyRecord
    """What there is."""
    target: int
    """How many trials there are to be."""


@dataclass(frozen=True)
class TrialFinished:
    """A trial, failed or not, is persisted."""

    trial: TrialRecord


@dataclass(frozen=True)
class ConfirmationStarted:
    """The confirmation begins: so many trials, in so many fits, baselines and diagnoses included."""

    trials: int
    fits: int


@dataclass(frozen=True)
class TrialConfirmed:
    """A trial's confirmation, which it holds, is persisted."""

    trial: TrialRecord


@dataclass(frozen=True)
class NothingToDo:
    """Everything that was asked for is there already; nothing was started."""

    record: StudyRecord


Event = Loaded | Step | Advanced | SearchStarted | TrialFinished | ConfirmationStarted | TrialConfirmed | NothingToDo
Observer = Callable[[Event], None]
"""Hears every event: a progress display, or a projection."""


def unheard(event: Event) -> None:
    """Hear an event and do nothing."""
