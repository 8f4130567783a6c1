"""Latent samplers draw the latent vectors to decode. One file each; the file's name is the sampler's name.

_network    a small network with its gradient, which two of them train on codes
"""

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
    """The codes of the training rows: q(z given x) = N(mean, std^2). Both arrays have shape (rows, latent_dim)."""

    mean: Latent
    std: Latent
    """Zero if the variant's encoder is deterministic."""

    def choose(self, codes: Literal["mean", "sampled"], random: np.random.Generator) -> Latent:
        """Return z_mean, or one draw of N(mean, std^2) per training row."""
        if codes == "mean":
            return self.mean
        return self.mean + self.std * random.standard_normal(self.mean.shape)


class LatentDistribution(Protocol):
    """A distribution of latent vectors. `vaebench.generator.Steps` is one; a saved generator can hold only these."""

    def draw(self, n: int, random: np.random.Generator) -> Latent:
        """Draw `n` latent vectors."""
        ...


@dataclass(frozen=True)
class LatentSampler(Part):
    """Base class of latent samplers."""

    kind: ClassVar[str] = "latent_sampler"
    keeps: ClassVar[str | None] = None
    """What of the training rows, or of their codes, the fitted distribution holds verbatim; None if nothing."""

    @abstractmethod
    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Fit the sampler to the codes of the training rows. Return the distribution to draw from."""
