"""Latent draws from a learned prior."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class Vamp(LatentSampler):
    """The prior that the variant `vamp` learned: z ~ mean_k q(z given u_k), a mixture of K Gaussians.

    Only for variants with pseudo-inputs u_k. Nothing is fitted: training has.

    Tomczak and Welling, "VAE with a VampPrior", AISTATS 2018, arXiv 1705.07120.
    """

    keeps: ClassVar[str | None] = "the codes of the pseudo-inputs, rows that were training rows before training"
    of_pseudo_inputs: ClassVar[bool] = True

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Return the mixture of the pseudo-inputs' codes. Raises ValueError if there are none."""
        if codes.pseudo_inputs is None:
            raise ValueError("the variant has no pseudo-inputs")
        return codes.pseudo_inputs.mixture()
