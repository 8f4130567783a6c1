"""How long a run still takes, estimated from what is finished: search, confirmation and what follows."""

from collections.abc import Callable
from dataclasses import dataclass, field

from vaebench.study.definition import StudyDefinition
from vaebench.study.records import TrialRecord
from vaebench.trial.diagnosis import DRAWS

LATEST = 24
"""Trials that the number of fits to come is judged by: with pruning it falls as the search finds better ones."""
WRITING, WRITING_EACH = 8.0, 0.02
"""Seconds that the last step takes, in all and for each trial."""


@dataclass
class TimeLeft:
    """Knows the trials that this run has finished, and when it began with them."""

    definition: StudyDefinition
    target: int
    began: float
    clock: Callable[[], float]
    trials: list[TrialRecord] = field(default_factory=list)

    def add(self, trial: TrialRecord) -> None:
        """Take in a finished trial."""
        self.began = min(self.began, trial.started)
        self.trials.append(trial)

    @property
    def rate(self) -> float:
        """Trials a second."""
        return len(self.trials) / max(self.clock() - self.began, 1e-9)

    def from_search(self, done: int) -> float | None:
        """Return the seconds left while `done` trials of the target are there; None before the first one ended."""
        if not self.trials:
            return None
        fits = [len(trial.results) for trial in self.trials]
        informed = [count for trial, count in zip(self.trials, fits, strict=True) if trial.number >= self._uninformed]
        to_come = informed[-LATEST:] or fits
        each = max(self.clock() - self.began, 1e-9) / sum(fits)  # seconds a fit, all workers together
        search = (self.target - done) * each * sum(to_come) / len(to_come)
        return search + self._confirmed * self._fits_of_confirmed * each * self._longer + self.writing

    @property
    def writing(self) -> float:
        """Return the seconds of the last step: plots, models, MLflow."""
        return WRITING + WRITING_EACH * self.target

    @property
    def _uninformed(self) -> int:
        """How many trials are asked before any result is known: none of them is pruned."""
        return 2 * self.definition.batch * len(self.definition.arms)

    @property
    def _confirmed(self) -> int:
        """How many trials will be confirmed: the best, and those of other variants or arms."""
        top = self.definition.confirm_top
        others = max(len({trial.params["variant"] for trial in self.trials}), len(self.definition.arms)) - 1
        return min(self.target, top + others) if top else 0

    @property
    def _fits_of_confirmed(self) -> int:
        replicates = self.definition.confirm_replicates
        return replicates + min(DRAWS, replicates)

    @property
    def _longer(self) -> float:
        """How much longer a fit of a trial that came through takes than one of any trial, in its own seconds."""
        every = [result.seconds for trial in self.trials for result in trial.results]
        whole = [
            result.seconds for trial in self.trials if not (trial.pruned or trial.reason) for result in trial.results
        ]
        if not whole or not sum(every):
            return 1.0
        return (sum(whole) / len(whole)) / (sum(every) / len(every))
