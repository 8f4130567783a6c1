"""Latent draws from the prior."""

from dataclasses import dataclass

import numpy as np

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class Prior(LatentSampler):
    """The prior of a variational autoencoder: z ~ N(0, I)."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return N(0, I); the codes only give its dimension."""
        return Steps((("normal", {"units": codes.mean.shape[1]}),))
