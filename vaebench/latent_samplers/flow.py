"""Latent draws from a small masked autoregressive flow fitted to the codes."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler
from vaebench.latent_samplers._network import WEIGHTS, Array, Weights, adam, backward, forward, initial, standardised

RATE = 0.01
SCALE = 3.0
"""Bound of the logarithm of a layer's scales: s = SCALE tanh(raw / SCALE)."""


@dataclass(frozen=True)
class Flow(LatentSampler):
    """A masked autoregressive flow, fitted to the codes z by maximum likelihood.

    Each layer turns z into e, e_j = (z_j - m_j) exp(-s_j), where m_j and s_j are a network of one hidden layer of
    z_1 ... z_(j-1); the next one takes the units in reverse order, and the last result is N(0, I). With one latent unit
    it is a normal distribution. The codes are blurred by `blur` of their standard deviation at each step, which keeps
    the likelihood of few codes bounded.

    Papamakarios, Pavlakou and Murray, "Masked autoregressive flow for density estimation", NeurIPS 2017, arXiv
    1705.07057.
    """

    layers: Annotated[int, Ge(1), Le(10)] = 2
    hidden: Annotated[int, Ge(1), Le(512)] = 32
    """Units of each layer's hidden layer."""
    steps: Annotated[int, Ge(1), Le(100_000)] = 500
    """Steps of Adam, each on all codes, freshly sampled if they are `sampled`."""
    blur: Annotated[float, Ge(0)] = 0.1
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or draws of N(z_mean, exp(z_log_var))."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Fit the flow to the standardised codes and return its inverse after N(0, I)."""
        _, mean, std = standardised(codes.choose(self.codes, random))
        units = len(mean)
        masks = masks_of(units, self.hidden)
        weights = [each for _ in range(self.layers) for each in initial(units, self.hidden, 2 * units, random)]

        def gradient(weights: Weights) -> Weights:
            z = (codes.choose(self.codes, random) - mean) / np.where(std > 0, std, 1.0)
            return gradients(weights, masks, z + self.blur * random.standard_normal(z.shape))

        fitted = adam(weights, gradient, steps=self.steps, rate=RATE)
        steps: list[tuple[str, dict[str, Any]]] = [("normal", {"units": units})]
        for layer in reversed(layers_of(fitted, masks)):
            steps.append(("autoregressive", dict(zip(("kernels", "biases", "outs", "shifts"), layer, strict=True))))
            steps.append(("dense", {"kernel": np.eye(units)[::-1], "bias": np.zeros(units)}))  # the other order
        steps[-1] = ("scale", {"factor": std, "shift": mean})  # the first layer takes them as they are
        return Steps(tuple(steps))


def masks_of(units: int, hidden: int) -> tuple[Array, Array]:
    """Return the masks of both kernels: output j, of m and of s, is reached by inputs before j alone.

    Hidden unit k sees inputs up to its degree, k modulo (units - 1), and is seen by outputs beyond it: Germain et al.,
    "MADE", ICML 2015.
    """
    inputs, degrees = np.arange(units), np.arange(hidden) % max(units - 1, 1)
    seen = np.where(units > 1, inputs[:, None] <= degrees[None, :], False).astype(np.float64)
    sees = (degrees[:, None] < inputs[None, :]).astype(np.float64)
    return seen, np.concatenate([sees, sees], axis=1)


def layers_of(weights: Weights, masks: tuple[Array, Array]) -> list[Weights]:
    """Return the masked weights of each layer."""
    starts = range(0, len(weights) + 1, WEIGHTS)
    each = [weights[start:stop] for start, stop in pairwise(starts)]
    return [[kernel * masks[0], bias, out * masks[1], shift] for kernel, bias, out, shift in each]


def loss(weights: Weights, masks: tuple[Array, Array], z: Array) -> float:
    """Return minus the mean log-likelihood of codes z [n, d], but for d / 2 log(2 pi)."""
    total = np.zeros(len(z))
    for layer in layers_of(weights, masks):
        out, _ = forward(layer, z)
        m, s = out[:, : z.shape[1]], SCALE * np.tanh(out[:, z.shape[1] :] / SCALE)
        z = ((z - m) * np.exp(-s))[:, ::-1]
        total += s.sum(axis=1)
    return float((total + 0.5 * (z**2).sum(axis=1)).mean())


def gradients(weights: Weights, masks: tuple[Array, Array], z: Array) -> Weights:
    """Return the gradient of `loss` by the weights."""
    n, units = z.shape
    passed = []
    for layer in layers_of(weights, masks):
        out, hidden = forward(layer, z)
        bounded = np.tanh(out[:, units:] / SCALE)
        e = (z - out[:, :units]) * np.exp(-SCALE * bounded)
        passed.append((layer, z, hidden, bounded, e))
        z = e[:, ::-1]
    by_z = z / n
    found: list[Weights] = []
    for layer, x, hidden, bounded, e in reversed(passed):
        by_e = by_z[:, ::-1]
        by_s = 1.0 / n - by_e * e
        scale = np.exp(-SCALE * bounded)
        slopes = np.concatenate([-by_e * scale, by_s * (1.0 - bounded**2)], axis=1)
        own, by_x = backward(layer, x, hidden, slopes)
        found.append([own[0] * masks[0], own[1], own[2] * masks[1], own[3]])
        by_z = by_e * scale + by_x
    return [each for layer_gradients in reversed(found) for each in layer_gradients]
