"""Latent draws from the codes of the training rows themselves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class Aggregate(LatentSampler):
    """The aggregate posterior: a training row i drawn with equal probability, then z ~ N(mean_i, std_i^2).

    Where the encoder is deterministic, std_i is 0: then only decoder noise tells generated rows from reconstructions
    of training rows, and the metric `copying` shows how many are all but copies.

    Hoffman and Johnson, "ELBO surgery", NIPS workshop 2016.
    """

    keeps: ClassVar[str | None] = "the code of each row"

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return the equal mixture of the rows' q(z given x)."""
        return codes.mixture()
