"""Latent draws from the empirical beta copula of the codes."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler
from vaebench.margins import NormalScores


@dataclass(frozen=True)
class EmpiricalBetaCopula(LatentSampler):
    """Ranks drawn together, each latent unit with its own interpolated distribution.

    A code i is drawn with equal probability. Where it has rank r of n in a unit, that unit's probability is drawn from
    Beta(r, n + 1 - r), the distribution of the r-th of n uniform numbers in order. Units with their probabilities then
    have the codes' dependence, smoothed, without a bandwidth; the unit's interpolated quantile of its probability is z.

    Segers, Sibuya and Tsukahara, "The empirical beta copula", Journal of Multivariate Analysis 155 (2017). On codes of
    autoencoders: Coblenz, Grothe and Kächele, arXiv 2309.09916.
    """

    keeps: ClassVar[str | None] = "the codes of the rows, unit by unit, and their ranks"

    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or one draw of N(z_mean, exp(z_log_var)) per row."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return the copula of the ranks, equal codes in random order, and each unit's quantiles."""
        z = codes.choose(self.codes, random)
        shuffled = random.permuted(np.tile(np.arange(len(z)), (z.shape[1], 1)), axis=1)
        orders = [np.lexsort((tie, unit)) for unit, tie in zip(z.T, shuffled, strict=True)]
        ranks = np.stack([order.argsort() + 1 for order in orders], axis=1)
        varies = np.ptp(z, axis=0) > 0
        steps: list[tuple[str, dict[str, Any]]] = [("beta_ranks", {"ranks": ranks})]
        steps.append(("scale", {"factor": varies.astype(float), "shift": np.where(varies, 0.0, z[0])}))
        for column in np.flatnonzero(varies):
            steps.append(("interpolated", {"column": int(column), **vars(NormalScores.fit(z[:, column]))}))
        return Steps(tuple(steps))
