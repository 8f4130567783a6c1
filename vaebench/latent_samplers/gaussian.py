"""Latent draws from a Gaussian fitted to the codes."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Gt

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class Gaussian(LatentSampler):
    """A Gaussian fitted to the training rows' codes, its standard deviations times `scale`.

    Fitted to z_mean it misses the spread of each code, so generated rows shrink twice; fitted to sampled codes it does
    not. The full covariance is shrunk towards a multiple of the identity: Ledoit and Wolf, "A well-conditioned
    estimator for large-dimensional covariance matrices", Journal of Multivariate Analysis 88 (2004).
    """

    covariance: Literal["diagonal", "full"] = "diagonal"
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or one draw of N(z_mean, exp(z_log_var)) per row."""
    scale: Annotated[float, Gt(0)] = 1.0

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Fit mean and covariance by maximum likelihood (the full covariance with shrinkage)."""
        z = codes.choose(self.codes, random)
        if self.covariance == "diagonal":
            factor = np.diag(z.std(axis=0))
        else:
            from sklearn.covariance import ledoit_wolf

            values, vectors = np.linalg.eigh(ledoit_wolf(z)[0])
            factor = vectors * np.sqrt(np.maximum(values, 0.0))
        kernel = (self.scale * factor).T  # z = mean + factor @ e, e ~ N(0, I), of rows
        return Steps((("normal", {"units": z.shape[1]}), ("dense", {"kernel": kernel, "bias": z.mean(axis=0)})))
