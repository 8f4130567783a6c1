"""Latent samplers draw the latent vectors to decode. One file each; the file's name is the sampler's name.

_network    a small network with its gradient, which two of them train on codes
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vaebench.generator import Steps
from vaebench.parts import Part

Latent = NDArray[np.float64]
"""Latent vectors, shape (rows, latent_dim)."""


@dataclass(frozen=True)
class Codes:
    """The codes of the training rows: q(z given x) = N(mean, std^2), then a flow if there is one.

    Both arrays have shape (rows, latent_dim). What is fitted to codes takes them from `choose`, `draw` or `points`.
    """

    mean: Latent
    std: Latent
    """Zero if the variant's encoder is deterministic."""
    flow: Steps | None = None
    pseudo_inputs: "Codes | None" = None
    """The codes of the variant's pseudo-inputs, whose mixture is its prior; None for a variant without."""

    def choose(self, codes: Literal["mean", "sampled"], random: np.random.Generator) -> Latent:
        """Return `points`, or one draw of q(z given x) per training row; shape (rows, latent_dim)."""
        return self.points if codes == "mean" else self.draw(np.arange(len(self.mean)), random)

    @property
    def points(self) -> Latent:
        """One code a row, without noise: z_mean, after the flow."""
        return self._after_flow(self.mean)

    def draw(self, rows: NDArray[np.integer], random: np.random.Generator) -> Latent:
        """Return one draw of q(z given x) for each of these training rows, by index; shape (len(rows), latent_dim)."""
        noise = random.standard_normal((len(rows), self.mean.shape[1]))
        return self._after_flow(self.mean[rows] + self.std[rows] * noise)

    def mixture(self) -> Steps:
        """Return the mixture of the rows' q(z given x) with equal weights."""
        kernels = ("kernels", {"centres": self.mean, "stds": self.std})
        return Steps((kernels, *(() if self.flow is None else self.flow.steps)))

    def _after_flow(self, z: Latent) -> Latent:
        if self.flow is None:
            return z
        codes: Latent = self.flow.take(z, np.random.default_rng(0))  # draws nothing
        return codes


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

    of_pseudo_inputs: ClassVar[bool] = False
    """Whether it draws from the codes of pseudo-inputs, which only some variants have."""

    @abstractmethod
    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Fit the sampler to the codes of the training rows. Return the distribution to draw from."""
