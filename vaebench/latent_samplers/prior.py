"""Latent draws from the prior."""

from dataclasses import dataclass

import numpy as np

from vaebench.latent_samplers import Codes, Latent, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class StandardNormal:
    """N(0, I)."""

    latent_dim: int

    def draw(self, n: int, random: np.random.Generator) -> Latent:
        """Draw `n` latent vectors, shape (n, latent_dim)."""
        return random.standard_normal((n, self.latent_dim))


@dataclass(frozen=True)
class Prior(LatentSampler):
    """The prior of a variational autoencoder: z ~ N(0, I)."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return N(0, I); the codes only give its dimension."""
        return StandardNormal(codes.mean.shape[1])
