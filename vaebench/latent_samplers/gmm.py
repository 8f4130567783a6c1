"""Latent draws from a Gaussian mixture fitted to the codes."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from vaebench.gaussian_mixture import fit_by_bic
from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class Gmm(LatentSampler):
    """A Gaussian mixture fitted to the training rows' codes, the number of components chosen by BIC.

    Ghosh et al., "From variational to deterministic autoencoders", ICLR 2020, arXiv 1903.12436. Schwarz,
    "Estimating the dimension of a model", Annals of Statistics 6 (1978).
    """

    max_components: Annotated[int, Ge(1), Le(10)] = 5
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or one draw of N(z_mean, exp(z_log_var)) per row."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Fit mixtures of 1 to max_components components by EM and keep the one of lowest BIC."""
        fitted = fit_by_bic(codes.choose(self.codes, random), self.max_components, random)
        return Steps((("mixture", vars(fitted)),))
