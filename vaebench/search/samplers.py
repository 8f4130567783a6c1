"""Optuna's samplers. Each trial gets a new one, so that what is asked depends on seed and history alone.

tpe      tree-structured Parzen estimator, multivariate over the parameters that all trials share, with the constant
         liar for trials in flight (Watanabe 2023, arXiv 2304.11127). Parameters of a branch are modelled one by one:
         Optuna's `group`, which models them together, is experimental, and a branch here has only one or two.
random   independent draws
nsga2    NSGA-II (Deb et al. 2002), generations of POPULATION trials
qmc      point i of a scrambled Sobol sequence is trial i
grid     cell i of the grid is trial i
"""

import warnings

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import FrozenTrial

from vaebench.seeds import derive
from vaebench.study.definition import Sampler
from vaebench.study.space import Point, Space

POPULATION = 20
"""Trials per generation. Searches have hundreds of trials, so Optuna's default of 50 would leave few generations."""
PRIOR_WEIGHT = 3.0
"""Weight of TPE's uniform prior, where each good trial has 1.0. With Optuna's default of 1.0 a search may get stuck on
the first branch that did well (docs/decisions/0012-the-weight-of-tpes-prior.md)."""


class _Nsga2(NSGAIISampler):
    """NSGA-II that gives the same trials when a search is resumed, which makes it select the parents again.

    A generation is its first POPULATION trials; otherwise trials in flight when it was full would join it later.
    Parents are sorted by number, as Optuna has them except for the first trial of a generation.
    """

    def get_population(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        """Return the trials of a generation."""
        return super().get_population(study, generation)[:POPULATION]

    def select_parent(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        """Return the parents of a generation."""
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)


class _Tpe(TPESampler):
    """TPE that remembers which parameters all trials share. Working that out for each trial took half of its time."""

    def __init__(self, shared: IntersectionSearchSpace, seed: int) -> None:
        super().__init__(multivariate=True, constant_liar=True, prior_weight=PRIOR_WEIGHT, seed=seed)
        self._shared = shared

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that are modelled together."""
        shared = self._shared.calculate(study)
        return {name: distribution for name, distribution in shared.items() if not distribution.single()}


def quiet_optuna() -> None:
    """Silence Optuna's log lines, and its deprecation warning about an option that is used here."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", "`prior_weight` has been deprecated", FutureWarning)


def make_sampler(name: Sampler, seed: int, shared: IntersectionSearchSpace) -> BaseSampler:
    """Build the sampler for one trial; `shared` is the same for all trials of an Optuna study."""
    seed %= 2**32
    match name:
        case "tpe":
            return _Tpe(shared, seed)
        case "nsga2":
            return _Nsga2(population_size=POPULATION, seed=seed)
        case "random" | "qmc" | "grid":  # qmc and grid enqueue their points and sample nothing
            return RandomSampler(seed=seed)


def sobol_point(space: Space, index: int, seed: int) -> Point:
    """Return point `index` of the scrambled Sobol sequence over `space` (Owen 1998 scrambling; scipy.stats.qmc)."""
    from scipy.stats.qmc import Sobol

    if not space.dimensions:
        return {}
    sequence = Sobol(space.dimensions, scramble=True, rng=derive("sobol", seed))
    if index:
        sequence.fast_forward(index)
    return space.unit_point([float(u) for u in sequence.random(1)[0]])
