"""Latent draws from a Gaussian whose moments are the codes' and a prior's."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class BayesianGaussian(LatentSampler):
    """The posterior predictive mean and covariance of Gaussian codes under a prior worth `strength` rows of N(0, I).

    Normal-inverse-Wishart prior, k = `strength`, d latent units: S ~ IW(k I, d + 1 + k), whose mean is I, and the mean
    given S ~ N(0, S / k). With n codes of mean m and maximum likelihood covariance C:

        mean       = n m / (n + k)
        covariance = (1 + 1 / (n + k)) (n C + k I + n k / (n + k) m m') / (n + k)

    Draws are normal with these moments, where the predictive itself is Student's t with n + k + 2 degrees of freedom.
    `diagonal` takes each latent unit by itself (d = 1).

    Murphy, "Conjugate Bayesian analysis of the Gaussian distribution", 2007. Gelman et al., "Bayesian data analysis",
    3rd edition, section 3.6.
    """

    covariance: Literal["diagonal", "full"] = "diagonal"
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or one draw of N(z_mean, exp(z_log_var)) per row."""
    strength: Annotated[float, Ge(0)] = 10.0
    """How many rows the prior counts for."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return the normal distribution with the posterior predictive's moments."""
        z = codes.choose(self.codes, random)
        n, units = z.shape
        total = n + self.strength
        mean = z.mean(axis=0)
        centred = z - mean
        scatter = centred.T @ centred + n * self.strength / total * np.outer(mean, mean) + self.strength * np.eye(units)
        covariance = (1 + 1 / total) * scatter / total
        if self.covariance == "diagonal":
            factor = np.diag(np.sqrt(np.diag(covariance)))
        else:
            values, vectors = np.linalg.eigh(covariance)
            factor = vectors * np.sqrt(np.maximum(values, 0.0))
        return Steps((("normal", {"units": units}), ("dense", {"kernel": factor.T, "bias": n / total * mean})))
