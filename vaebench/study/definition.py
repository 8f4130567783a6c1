"""The study definition: a study file's content, validated and resolved."""

from dataclasses import dataclass
from typing import Literal

from vaebench.data_sets import DataSet
from vaebench.rows import Phase
from vaebench.study.replicate import Replicate
from vaebench.study.space import Space

Objective = Literal["score", "ks", "mean_error", "std_error", "wasserstein", "sliced_wasserstein", "correlation_error"]
JOINT_OBJECTIVES = ("sliced_wasserstein", "correlation_error")
"""The objectives that several columns have together, and one alone does not."""
Sampler = Literal["tpe", "random", "nsga2", "qmc", "grid"]

STAGE = 4
"""Replicates that a trial is given before it may be pruned, and between two looks. Of fewer, even if it is worse on all
of them, the test can say nothing."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A value of [compare], or a combination, with a space and a budget of its own; without [compare] there is one."""

    name: str
    """E.g. "variant=ae"; empty without [compare]."""
    space: Space


@dataclass(frozen=True, kw_only=True)
class StudyDefinition:
    """What a study is: its question, data, space, budget and objectives."""

    name: str
    question: str
    objectives: tuple[Objective, ...]
    trials: int
    """Trials of each arm."""
    replicates: int
    pruning: bool
    """Whether a trial that is plainly worse stops before its last replicate."""
    seed: int
    sampler: Sampler
    batch: int
    """Trials asked at once; results do not depend on the number of workers because of it."""
    data_set: DataSet
    rows: int
    test_fraction: float
    generated: int
    true: int
    arms: tuple[Arm, ...]
    confirm_top: int
    confirm_replicates: int

    @property
    def targets(self) -> dict[str, int]:
        """How many trials each arm is to have: the budget, or fewer where a grid has no more cells."""
        sizes = {arm.name: arm.space.size if self.sampler == "grid" else None for arm in self.arms}
        return {name: self.trials if size is None else min(self.trials, size) for name, size in sizes.items()}

    @property
    def fresh_draws(self) -> bool:
        """Whether each replicate is a fresh draw of the truth, and not another split of the rows of one file."""
        return self.data_set.available_rows is None

    def replicate(self, phase: Phase, index: int) -> Replicate:
        """Return replicate `index` of `phase`: the same rows for every trial and baseline."""
        return Replicate(
            data_set=self.data_set,
            rows=self.rows,
            test_fraction=self.test_fraction,
            generated=self.generated,
            true=self.true,
            study_seed=self.seed,
            phase=phase,
            index=index,
        )
