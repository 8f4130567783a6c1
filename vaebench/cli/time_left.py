"""The time a run still takes, estimated from its finished trials: search, confirmation, writing results."""

from collections.abc import Callable
from dataclasses import dataclass, field

from vaebench.study.definition import StudyDefinition
from vaebench.study.records import TrialRecord
from vaebench.trial.diagnosis import DRAWS

LATEST = 24
"""Latest trials that give the fits per trial to come. With pruning these fall as the search finds better trials."""
WRITING, WRITING_EACH = 8.0, 0.02
"""Seconds that writing results takes, in all and per trial."""


@dataclass
class TimeLeft:
    """The trials that this run has finished, since `began`."""

    definition: StudyDefinition
    target: int
    began: float
    clock: Callable[[], float]
    trials: list[TrialRecord] = field(default_factory=list)

    def add(self, trial: TrialRecord) -> None:
        """Add a finished trial."""
        self.began = min(self.began, trial.started)
        self.trials.append(trial)

    @property
    def rate(self) -> float:
        """Trials per second."""
        return len(self.trials) / max(self.clock() - self.began, 1e-9)

    def from_search(self, done: int) -> float | None:
        """Return the seconds left, with `done` trials of the target finished; None before the first trial ended."""
        if not self.trials:
            return None
        fits = [len(trial.results) for trial in self.trials]
        informed = [count for trial, count in zip(self.trials, fits, strict=True) if trial.number >= self._uninformed]
        to_come = informed[-LATEST:] or fits
        each = max(self.clock() - self.began, 1e-9) / sum(fits)  # seconds per fit, all workers together
        search = (self.target - done) * each * sum(to_come) / len(to_come)
        return search + self._confirmed * self._fits_of_confirmed * each * self._longer + self.writing

    @property
    def writing(self) -> float:
        """Seconds to write the results: plots, models, MLflow."""
        return WRITING + WRITING_EACH * self.target

    @property
    def _uninformed(self) -> int:
        """How many trials are asked before any result is known. None of these is pruned."""
        return 2 * self.definition.batch * len(self.definition.arms)

    @property
    def _confirmed(self) -> int:
        """How many trials will be confirmed: the best, and the best of other variants or arms."""
        top = self.definition.confirm_top
        others = max(len({trial.params["variant"] for trial in self.trials}), len(self.definition.arms)) - 1
        return min(self.target, top + others) if top else 0

    @property
    def _fits_of_confirmed(self) -> int:
        replicates = self.definition.confirm_replicates
        return replicates + min(DRAWS, replicates)

    @property
    def _longer(self) -> float:
        """How many times as long a fit takes in trials that were neither pruned nor failed as in all trials."""
        every = [result.seconds for trial in self.trials for result in trial.results]
        whole = [
            result.seconds for trial in self.trials if not (trial.pruned or trial.reason) for result in trial.results
        ]
        if not whole or not sum(every):
            return 1.0
        return (sum(whole) / len(whole)) / (sum(every) / len(every))
