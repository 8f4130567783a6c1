"""Uniform latent draws."""

from dataclasses import dataclass

import numpy as np

from vaebench.latent_samplers import Codes, Latent, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class UnitCube:
    """Uniform on [0, 1] in every latent unit."""

    latent_dim: int

    def draw(self, n: int, random: np.random.Generator) -> Latent:
        """Draw `n` latent vectors, shape (n, latent_dim)."""
        return random.random((n, self.latent_dim))


@dataclass(frozen=True)
class Uniform(LatentSampler):
    """Uniform draws: z ~ U[0, 1] in every latent unit, whatever the codes are. Often copied, rarely right."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return U[0, 1]; the codes only give its dimension."""
        return UnitCube(codes.mean.shape[1])
