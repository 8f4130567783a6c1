"""Latent draws from a kernel density estimate of the codes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class Kde(LatentSampler):
    """A Gaussian kernel density estimate of the codes, shrunk to their own covariance.

    With n codes z_i of mean m and covariance S in d latent units, and h = `bandwidth` n^(-1 / (d + 4)), Scott's rule:

        z = m + (z_i - m + h e) / sqrt(1 + h^2),   e ~ N(0, S),   i drawn with equal probability

    Scott, "Multivariate density estimation", 1992. The shrinkage, without which draws would have the covariance
    (1 + h^2) S: Silverman, "Density estimation", 1986, section 6.4.
    """

    keeps: ClassVar[str | None] = "the code of each row, scaled"

    bandwidth: Annotated[float, Gt(0)] = 1.0
    """In units of Scott's."""
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or one draw of N(z_mean, exp(z_log_var)) per row."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return kernels at the codes, made uncorrelated with unit variance, and the way back."""
        z = codes.choose(self.codes, random)
        n, units = z.shape
        mean = z.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(z, rowvar=False, ddof=0).reshape(units, units))
        spread = np.sqrt(np.maximum(values, 0.0))
        spread = np.where(spread > 1e-9 * spread.max(), spread, 0.0)  # of directions in which no code differs
        white = (z - mean) @ vectors / np.where(spread > 0, spread, 1.0)
        h = self.bandwidth * n ** (-1 / (units + 4))
        shrunk = {"centres": white / np.sqrt(1 + h**2), "stds": np.full((1, units), h / np.sqrt(1 + h**2))}
        return Steps((("kernels", shrunk), ("dense", {"kernel": (vectors * spread).T, "bias": mean})))
