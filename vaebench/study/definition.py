"""The study definition: a study file's content, validated and resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from vaebench import parts
from vaebench.data_sets import DataSet
from vaebench.networks._file import NetworkFile
from vaebench.rows import Draw, Phase, Support
from vaebench.seeds import generator
from vaebench.study.replicate import DEFAULTS, Replicate
from vaebench.study.space import Leaf, OneOf, Space
from vaebench.study.spec import Spec
from vaebench.variants import Variant

Objective = Literal[
    "score",
    "ks",
    "mean_error",
    "std_error",
    "wasserstein",
    "sliced_wasserstein",
    "correlation_error",
    "association_error",
    "copula_error",
]
JOINT_OBJECTIVES = ("sliced_wasserstein", "correlation_error", "association_error", "copula_error")
"""The objectives that need several columns."""
Sampler = Literal["tpe", "random", "nsga2", "qmc", "grid"]

STAGE = 4
"""Replicates a trial runs before it may be pruned, and between two pruning tests. With fewer, the test can never
be significant, even if the trial is worse on all of them."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One value, or combination, of [compare], with its own space and budget; without [compare] there is one arm."""

    name: str
    """For example "variant=ae"; empty without [compare]."""
    space: Space

    def branches(self, kind: str) -> Mapping[str, Mapping[str, Leaf]]:
        """Return the parts of `kind` that it allows, with their parameters; the spec's defaults if it names none."""
        node = self.space.nodes.get(kind)
        if isinstance(node, OneOf):
            return node.branches
        if kind == "latent_sampler":
            return {parts.load(Variant, name).latent_sampler: {} for name in self.branches("variant")}
        return {getattr(Spec(), kind).name: {}}


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
    """Whether a trial that is plainly worse than the best stops before its last replicate."""
    seed: int
    sampler: Sampler
    batch: int
    """Trials asked at once. It makes results independent of the number of workers."""
    trial_minutes: float
    """Minutes after which a fit counts as hanging, and its trial fails; 0: never."""
    data_set: DataSet
    rows: int
    test_fraction: float
    generated: int
    true: int
    arms: tuple[Arm, ...]
    confirm_top: int
    confirm_replicates: int
    support: Support
    defaults: int = DEFAULTS
    """The edition of the defaults that hold for what its study file leaves out."""
    networks: tuple[NetworkFile, ...] = ()
    """The files of its networks, as far as the user named such files."""

    @property
    def targets(self) -> dict[str, int]:
        """The number of trials each arm should have: the budget, or all combinations of its space."""
        sizes = {arm.name: arm.space.size for arm in self.arms}
        return {name: self.trials if size is None else min(self.trials, size) for name, size in sizes.items()}

    @property
    def variants(self) -> set[str]:
        """The variants that are searched."""
        return {variant for arm in self.arms for variant in arm.branches("variant")}

    def most_confirmed(self, trials: int) -> int:
        """Return how many of `trials` trials are confirmed at most: the best, and the best of each variant and arm.

        The best trial of all is the best of its variant and of its arm. If every arm has a single variant, the best of
        each variant is the best of one of its arms.
        """
        if self.confirm_top == 0:
            return 0
        others = len(self.arms) - 1
        if any(len(arm.branches("variant")) > 1 for arm in self.arms):
            others += len(self.variants) - 1
        return min(trials, self.confirm_top + others)

    @property
    def races(self) -> bool:
        """Whether plainly worse trials stop in the confirmation; they do not in a study begun before that."""
        return self.defaults > 3

    @property
    def fresh_draws(self) -> bool:
        """Whether each replicate is a fresh draw from the true distribution, rather than another split of one file."""
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
            support=self.support,
        )

    def fitted_for_use(self) -> Draw:
        """Return the rows that generators for use are fitted to: all of a file; else those of the first search draw."""
        if (rows := self.data_set.available_rows) is None:
            return self.replicate("search", 0).draw()
        random = generator("all rows", self.seed)
        every = self.data_set.draw(random, rows=rows, test_fraction=0.0, generated=0, true=0).train
        return Draw(every, every, every, every, self.support)

    @property
    def baseline_support(self) -> Support:
        """What baselines know of the columns: kinds, declared bounds, and whole numbers, if they did when it began.

        What training rows show beside them is for each baseline to know, as the copulas do.
        """
        whole = self.support.learned and self.defaults > 4
        bounds = self.support.bounds if self.defaults > 2 else ()
        return Support(bounds, kinds=self.support.kinds, whole=whole, levels=self.support.levels)

    def baseline_replicate(self, phase: Phase, index: int) -> Replicate:
        """Return the same replicate with what baselines know of its columns, and the edition they are of."""
        return replace(self.replicate(phase, index), support=self.baseline_support, defaults=self.defaults)
