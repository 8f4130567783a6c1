"""Uniform latent draws."""

from dataclasses import dataclass

import numpy as np

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class Uniform(LatentSampler):
    """Uniform draws: z ~ U[0, 1] in every latent unit, whatever the codes are. Often copied, rarely right."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return U[0, 1]; the codes only give its dimension."""
        return Steps((("uniform", {"units": codes.mean.shape[1]}),))
