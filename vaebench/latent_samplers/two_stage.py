"""Latent draws from a second, small variational autoencoder trained on the codes."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler
from vaebench.latent_samplers._network import WEIGHTS, Array, Weights, adam, backward, forward, initial, standardised

RATE = 0.01
FIRST_LOG_VARIANCE = -2.0
"""log g before training. From 0 on, a unit more often dies before the decoder has found out what it is for."""


@dataclass(frozen=True)
class TwoStage(LatentSampler):
    """A second VAE of as many latent units, u, trained on codes z; draws are its own, from u ~ N(0, I), with its noise.

    It minimises the mean over codes of |z - D(u)|^2 / (2 g) + d / 2 log g + KL(q(u given z), N(0, I)) over a network of
    one hidden layer on either side and the decoder's variance g. It makes up for codes that do not follow the prior;
    codes that fill all their units have no manifold left to find, so one more VAE of full width is enough.

    Dai and Wipf, "Diagnosing and enhancing VAE models", ICLR 2019, arXiv 1903.05789.
    """

    hidden: Annotated[int, Ge(1), Le(512)] = 32
    """Units of the hidden layers."""
    steps: Annotated[int, Ge(1), Le(100_000)] = 1000
    """Steps of Adam, each on all codes, freshly sampled if they are `sampled`."""
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or draws of N(z_mean, exp(z_log_var))."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Train the second VAE on the standardised codes and return its decoder after N(0, I)."""
        _, mean, std = standardised(codes.choose(self.codes, random))
        units = len(mean)
        weights = [
            *initial(units, self.hidden, 2 * units, random),
            *initial(units, self.hidden, units, random),
            np.array([FIRST_LOG_VARIANCE]),
        ]

        def gradient(weights: Weights) -> Weights:
            z = (codes.choose(self.codes, random) - mean) / np.where(std > 0, std, 1.0)
            return gradients(weights, z, random.standard_normal(z.shape))

        *_, kernel, bias, out, shift, log_variance = adam(weights, gradient, steps=self.steps, rate=RATE)
        return Steps(
            (
                ("normal", {"units": units}),
                ("dense", {"kernel": kernel, "bias": bias}),
                ("tanh", {}),
                ("dense", {"kernel": out, "bias": shift}),
                ("noise", {"std": np.exp(0.5 * log_variance)}),
                ("scale", {"factor": std, "shift": mean}),
            )
        )


def gradients(weights: Weights, z: Array, noise: Array) -> Weights:
    """Return the gradient of the mean loss of codes z [n, d] by the weights; `noise` [n, d] is that of u."""
    encoder, decoder, log_variance = weights[:WEIGHTS], weights[WEIGHTS:-1], weights[-1]
    n, units = z.shape
    variance = np.exp(log_variance)
    q, hidden = forward(encoder, z)
    center, log_std = q[:, :units], np.clip(q[:, units:], -8.0, 8.0)
    std = np.exp(log_std)
    u = center + std * noise
    decoded, inner = forward(decoder, u)
    error = decoded - z
    of_decoder, by_u = backward(decoder, u, inner, error / variance / n)
    by_log_std = by_u * std * noise + (std**2 - 1.0) / n
    slopes = np.concatenate([by_u + center / n, np.where(np.abs(q[:, units:]) < 8.0, by_log_std, 0.0)], axis=1)
    of_encoder, _ = backward(encoder, z, hidden, slopes)
    by_log_variance = 0.5 * (units - (error**2).sum() / n / variance)
    return [*of_encoder, *of_decoder, by_log_variance]


def loss(weights: Weights, z: Array, noise: Array) -> float:
    """Return the mean loss of codes z, as `gradients` has it."""
    units, variance = z.shape[1], np.exp(weights[-1][0])
    q, _ = forward(weights[:WEIGHTS], z)
    center, std = q[:, :units], np.exp(np.clip(q[:, units:], -8.0, 8.0))
    decoded, _ = forward(weights[WEIGHTS:-1], center + std * noise)
    kl = 0.5 * (center**2 + std**2 - 2.0 * np.log(std) - 1.0).sum(axis=1)
    fit = ((decoded - z) ** 2).sum(axis=1) / (2 * variance) + 0.5 * units * np.log(variance)
    return float((fit + kl).mean())
