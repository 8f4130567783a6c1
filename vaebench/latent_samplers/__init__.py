"""Latent samplers: how latent draws are made for the decoder. One file each; the file's name is the sampler's name."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vaebench.parts import Part

Latent = NDArray[np.float64]
"""Latent vectors, shape (rows, latent_dim)."""


@dataclass(frozen=True)
class Codes:
    """What the encoder says of the training rows: q(z given x) = N(mean, std^2). Each has shape (rows, latent_dim)."""

    mean: Latent
    std: Latent
    """Zero where the variant's encoder is deterministic."""

    def choose(self, codes: Literal["mean", "sampled"], random: np.random.Generator) -> Latent:
        """Return z_mean, or one draw of N(mean, std^2) for each training row."""
        if codes == "mean":
            return self.mean
        return self.mean + self.std * random.standard_normal(self.mean.shape)


class LatentDistribution(Protocol):
    """A distribution that latent vectors are drawn from. Plain data: it is pickled with the model."""

    def draw(self, n: int, random: np.random.Generator) -> Latent:
        """Draw `n` latent vectors."""
        ...


@dataclass(frozen=True)
class LatentSampler(Part):
    """Base of every latent sampler."""

    kind: ClassVar[str] = "latent_sampler"

    @abstractmethod
    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return the distribution to draw from, given the training rows' codes."""
