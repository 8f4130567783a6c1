"""Decoder noise: the noise added to the decoded mean of a generated row, normal unless the loss says otherwise."""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from vaebench.engine.train import Trained
from vaebench.latent_samplers import Codes, Latent
from vaebench.rows import Rows
from vaebench.study.spec import Spec

SAMPLED_CODES = 20
"""Codes sampled per training row to measure the residuals."""


def decoder_std(spec: Spec, trained: Trained, codes: Codes, scaled: Rows, random: np.random.Generator) -> Rows:
    """Return the decoder's standard deviation per column [F], in scaled units.

    If the loss learns it, that. Otherwise the root mean square residual of D(z) at sampled codes of the training rows:
    the maximum-likelihood decoder variance given the trained networks (optimal sigma-VAE, arXiv 2006.13202). Where q
    only proposes codes, each counts as much as the posterior has it there (see Variant.proposes).
    """
    if spec.learns_noise:
        std: Rows = np.exp(0.5 * trained.log_variance)
        return std
    draws = SAMPLED_CODES if codes.std.any() else 1
    z = [codes.choose("sampled", random) for _ in range(draws)]
    residuals = trained.decode(np.concatenate(z)) - np.tile(scaled, (draws, 1))
    if spec.variant.proposes and draws > 1:
        weights = np.concatenate(posterior_weights(spec, trained, codes, scaled, z))
        weighed: Rows = np.sqrt((weights[:, None] * residuals**2).sum(axis=0) / len(scaled))
        return weighed
    spread: Rows = np.sqrt((residuals**2).mean(axis=0))
    return spread


def posterior_weights(spec: Spec, trained: Trained, codes: Codes, scaled: Rows, z: Sequence[Latent]) -> Rows:
    """Return the weight of each draw `z` of q for its row, in proportion to p(x, z) / q(z given x), [draws, rows].

    The weights of a row's draws have the sum 1.
    """
    beta = getattr(spec.variant, spec.variant.kl_weight or "")
    lost = np.stack([trained.reconstruction(scaled, each) for each in z])  # [draws, rows]
    noise = (np.stack(z) - codes.mean) / codes.std  # [draws, rows, latent_dim]
    log_ratio = (0.5 * (noise**2 - np.stack(z) ** 2) + np.log(codes.std)).sum(axis=-1)
    weights: Rows = softmax(log_ratio - lost / beta, axis=0)
    return weights
