"""A network of one tanh layer with its gradient by hand, and Adam: enough for the few numbers of a code.

Compiling a TensorFlow program for each width of the codes would take longer than all its steps do here.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = list[Array]
"""[kernel (inputs, hidden), bias (hidden,), kernel (hidden, outputs), bias (outputs,)], or several of these."""
WEIGHTS = 4
BETAS = (0.9, 0.999)


def initial(inputs: int, hidden: int, outputs: int, random: np.random.Generator) -> Weights:
    """Return Glorot's uniform weights; those of the last layer are a tenth of that, so that it begins near 0."""

    def kernel(rows: int, columns: int) -> Array:
        bound = np.sqrt(6.0 / (rows + columns))
        return random.uniform(-bound, bound, (rows, columns))

    return [kernel(inputs, hidden), np.zeros(hidden), 0.1 * kernel(hidden, outputs), np.zeros(outputs)]


def forward(weights: Weights, x: Array) -> tuple[Array, Array]:
    """Return the network's output [n, outputs] of x [n, inputs], and its hidden layer."""
    hidden = np.tanh(x @ weights[0] + weights[1])
    return hidden @ weights[2] + weights[3], hidden


def backward(weights: Weights, x: Array, hidden: Array, slopes: Array) -> tuple[Weights, Array]:
    """Return the gradients by the weights and by x of a sum whose derivative by the output is `slopes`."""
    inner = (slopes @ weights[2].T) * (1.0 - hidden**2)
    gradients = [x.T @ inner, inner.sum(axis=0), hidden.T @ slopes, slopes.sum(axis=0)]
    return gradients, inner @ weights[0].T


def adam(weights: Weights, gradient: Callable[[Weights], Weights], *, steps: int, rate: float) -> Weights:
    """Return the weights after Adam's steps, whose rate falls linearly to 0. Kingma and Ba, arXiv 1412.6980."""
    weights = [each.copy() for each in weights]
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in weights]
    for step in range(1, steps + 1):
        now = rate * (1 - (step - 1) / steps) * np.sqrt(1 - BETAS[1] ** step) / (1 - BETAS[0] ** step)
        for each, slope, (mean, square) in zip(weights, gradient(weights), moments, strict=True):
            mean += (1 - BETAS[0]) * (slope - mean)
            square += (1 - BETAS[1]) * (slope**2 - square)
            each -= now * mean / (np.sqrt(square) + 1e-8)
    return weights


def standardised(z: Array) -> tuple[Array, Array, Array]:
    """Return codes with mean 0 and std 1 in each unit, the means and the stds; an equal unit has std 0 and is 0."""
    mean, std = z.mean(axis=0), np.where(np.ptp(z, axis=0) > 0, z.std(axis=0), 0.0)
    return (z - mean) / np.where(std > 0, std, 1.0), mean, std
