"""Decoder noise: added to the decoded mean of a generated row, normal unless the loss says otherwise."""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from vaebench.engine.train import Trained
from vaebench.latent_samplers import Codes, Latent
from vaebench.rows import Rows
from vaebench.study.spec import Spec
from vaebench.trial.level_noise import LevelNoise
from vaebench.trial.scaling import Scaler

SAMPLED_CODES = 20
"""Codes sampled per training row to measure the residuals."""


def decoder_noise(
    spec: Spec, trained: Trained, codes: Codes, scaler: Scaler, train: Rows, random: np.random.Generator
) -> tuple[Rows, tuple[LevelNoise, ...]]:
    """Return the decoder's standard deviation per wide column [W], in scaled units, and its noise of levels.

    If the loss learns it, that. Otherwise the root mean square residual of D(z) at sampled codes of the training rows:
    the maximum-likelihood decoder variance given the trained networks (optimal sigma-VAE, arXiv 2006.13202). Where q
    only proposes codes, each counts as much as the posterior has it there (see Variant.proposes). Cells that were empty
    do not count, and shares have no standard deviation: levels are drawn instead, see vaebench.trial.level_noise.
    """
    shares = scaler.wide.are_shares
    learned = np.where(shares, 0.0, np.exp(0.5 * trained.log_variance)) if spec.learns_noise else None
    if learned is not None and not shares.any():
        return learned, ()
    wide, scaled = scaler.wide.open(train), scaler.transform(train)
    draws = SAMPLED_CODES if codes.std.any() else 1
    z = [codes.choose("sampled", random) for _ in range(draws)]
    decoded, rows = trained.decode(np.concatenate(z)), np.tile(scaled, (draws, 1))
    weights = None
    if spec.variant.proposes and draws > 1 and learned is None:
        weights = np.concatenate(posterior_weights(spec, trained, codes, scaled, z))
    levels = tuple(
        LevelNoise.fit(decoded[:, at] * scaler.scale[at] + scaler.shift[at], np.tile(wide[:, at], (draws, 1)), weights)
        for at in scaler.wide.shares
    )
    if learned is not None:
        return learned, levels
    filled = scaler.wide.filled(train)
    squares = (decoded - rows) ** 2 * np.tile(filled, (draws, 1))
    mean = squares.mean(axis=0) if weights is None else (weights[:, None] * squares).sum(axis=0) / len(scaled)
    std = np.sqrt(mean / np.maximum(filled.mean(axis=0), 1 / len(filled)))
    return np.where(shares, 0.0, std), levels


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
