"""Decoder noise: the noise added to the decoded mean of a generated row, normal unless the loss says otherwise."""

import numpy as np

from vaebench.engine.train import Trained
from vaebench.latent_samplers import Codes
from vaebench.rows import Rows
from vaebench.study.spec import Spec

SAMPLED_CODES = 20
"""Codes sampled per training row to measure the residuals."""


def decoder_std(spec: Spec, trained: Trained, codes: Codes, scaled: Rows, random: np.random.Generator) -> Rows:
    """Return the decoder's standard deviation per column [F], in scaled units.

    If the loss learns it, that. Otherwise the root mean square residual of D(z) at sampled codes of the training rows:
    the maximum-likelihood decoder variance given the trained networks (optimal sigma-VAE, arXiv 2006.13202).
    """
    if spec.learns_noise:
        std: Rows = np.exp(0.5 * trained.log_variance)
        return std
    draws = SAMPLED_CODES if codes.std.any() else 1
    z = np.concatenate([codes.choose("sampled", random) for _ in range(draws)])
    residuals = trained.decode(z) - np.tile(scaled, (draws, 1))
    spread: Rows = np.sqrt((residuals**2).mean(axis=0))
    return spread
