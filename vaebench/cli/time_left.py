"""The time a run still takes, estimated from its finished trials: search, confirmation, writing results."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from vaebench.study.definition import StudyDefinition
from vaebench.study.records import TrialRecord

LATEST = 24
"""Latest trials that give the fits per trial to come. With pruning these fall as the search finds better trials."""
KEPT = 0.7
"""Part of its replicates that a trial gets with pruning, until trials show it: of 100 in studies/gaussian.toml, 41 were
pruned, most of them after 4 of 16."""
WRITING, WRITING_EACH = 10.0, 0.02
"""Seconds that writing results takes, in all and per trial."""


@dataclass
class TimeLeft:
    """What this run has done since `began`: its finished trials, and the time of every fit."""

    definition: StudyDefinition
    target: int
    began: float
    clock: Callable[[], float]
    trials: list[TrialRecord] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """What each fit took that has come back, those of unfinished trials as well."""

    def add(self, trial: TrialRecord) -> None:
        """Add a finished trial."""
        self.began = min(self.began, trial.started)
        self.trials.append(trial)

    @property
    def rate(self) -> float:
        """Trials per second."""
        return len(self.trials) / max(self.clock() - self.began, 1e-9)

    def from_search(self, done: int) -> float | None:
        """Return the seconds left, with `done` trials of the target finished; None before the first trial ended.

        A fit to come takes the median of those that are done, since the first one of each structure loads its program;
        as many run at once as did so far.
        """
        if not self.trials or not self.seconds:
            return None
        at_once = max(sum(self.seconds) / max(self.clock() - self.began, 1e-9), 1e-9)
        unfinished = len(self.seconds) - sum(len(trial.results) for trial in self.trials)
        to_come = max(0.0, (self.target - done) * self._fits_per_trial - unfinished)
        whole = [
            result.seconds for trial in self.trials if not (trial.pruned or trial.reason) for result in trial.results
        ]
        confirmed = self.definition.most_confirmed(self.target)
        confirming = confirmed * self.definition.confirm_replicates * median(whole or self.seconds)
        return (to_come * median(self.seconds) + confirming) / at_once + self.writing

    @property
    def writing(self) -> float:
        """Seconds to write the results: plots, models, MLflow."""
        return WRITING + WRITING_EACH * self.target

    @property
    def _fits_per_trial(self) -> float:
        """Fits per trial to come, as the latest trials have it that were asked with results known."""
        replicates = self.definition.replicates
        if not self.definition.pruning:
            return replicates
        uninformed = 2 * self.definition.batch * len(self.definition.arms)
        informed = [len(trial.results) for trial in self.trials if trial.number >= uninformed][-LATEST:]
        unknown = LATEST - len(informed)
        return (sum(informed) + unknown * KEPT * replicates) / LATEST
