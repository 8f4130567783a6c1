"""The layers of a network, and the place of each trained variable in the arrays of a program.

Each kernel is an array: slicing kernels out of one vector, and joining their gradients to one, took as much time as
their matrix products. All other variables are short and share one vector, which one operation updates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vaebench.engine.structure import Layers
from vaebench.study.spec import LATENT_UNITS
from vaebench.tf_setup import tf
from vaebench.variants import Variant

Vector = NDArray[np.float32]


class Weights(NamedTuple):
    """All trained variables: NumPy arrays outside programs, tensors inside."""

    kernels: tuple[Any, ...]  # [inputs, outputs], one per layer
    vector: Any  # each layer's bias, gamma and beta, then the decoder's log-variance [F]
    own: Mapping[str, Any] = {}  # the variant's own variables, by name


@dataclass(frozen=True)
class Dense:
    """One dense layer: its role and sizes."""

    role: str  # "encoder" | "decoder" (hidden), "mean", "log_variance", "output" (heads)
    inputs: int
    outputs: int
    normed: bool
    """Whether batch norm follows."""

    @property
    def hidden(self) -> bool:
        """Whether the activation follows."""
        return self.role in ("encoder", "decoder")

    @property
    def vectors(self) -> tuple[str, ...]:
        """The names of its other variables, each `outputs` long, in the order of the vector."""
        return ("bias", "gamma", "beta") if self.normed else ("bias",)


@dataclass(frozen=True)
class Variables:
    """Each layer's variables, in the layout's order."""

    trained: list[dict[str, Any]]  # "kernel", "bias" and, before batch norm, "gamma" and "beta"
    moments: list[Any]  # (moving mean, moving variance), or None without batch norm
    log_variance: Any  # [F]
    own: Mapping[str, Any]


class Layout:
    """The layers of a perceptron, and the place of each variable."""

    latent_units = LATENT_UNITS
    pads = True
    """Whether an incomplete batch is filled up with rows that do not count, so that the program has one batch size."""

    def __init__(self, columns: int, network: Layers, variant: Variant) -> None:
        self.columns = columns
        self.network = network
        self.variant = variant
        encoder, decoder, batch_norm = network.encoder, network.decoder, network.batch_norm
        into_encoder = [columns, *encoder]
        into_decoder = [LATENT_UNITS, *decoder]
        heads = ["mean", "log_variance"] if variant.stochastic else ["mean"]
        self.layers = [
            *(Dense("encoder", a, b, batch_norm) for a, b in zip(into_encoder, encoder, strict=False)),
            *(Dense(head, into_encoder[-1], LATENT_UNITS, network.code_norm and head == "mean") for head in heads),
            *(Dense("decoder", a, b, batch_norm) for a, b in zip(into_decoder, decoder, strict=False)),
            Dense("output", into_decoder[-1], columns, normed=False),
        ]
        self.widths = [layer.outputs for layer in self.layers for _ in layer.vectors] + [columns]
        self.statistics_widths = [layer.outputs for layer in self.layers if layer.normed for _ in range(2)]

    def start(self, latent_dim: int, random: np.random.Generator) -> tuple[Weights, Vector]:
        """Draw the weights that a run starts from, and its moving statistics."""
        return initial_weights(self, latent_dim, random), initial_statistics(self)

    def unpack(self, weights: Weights, statistics: Any) -> Variables:
        """Split the arrays into each layer's variables."""
        vectors = iter(tf.split(weights.vector, self.widths))
        trained = [
            {"kernel": kernel} | {name: next(vectors) for name in layer.vectors}
            for layer, kernel in zip(self.layers, weights.kernels, strict=True)
        ]
        moving: Iterator[Any] = iter(tf.split(statistics, self.statistics_widths) if self.statistics_widths else [])
        moments = [(next(moving), next(moving)) if layer.normed else None for layer in self.layers]
        return Variables(trained, moments, next(vectors), weights.own)


def initial_weights(layout: Layout, latent_dim: int, random: np.random.Generator) -> Weights:
    """Draw the weights a run starts from: Glorot uniform kernels, gamma 1, the rest 0.

    Kernels are those of a network latent_dim wide: U(-a, a), a = sqrt(6 / (fan_in + fan_out)). Weights of masked latent
    units are zero and stay zero.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
    """
    kernels, vectors = [], []
    into_decoder = next(layer for layer in layout.layers if layer.role in ("decoder", "output"))
    for layer in layout.layers:
        rows = latent_dim if layer is into_decoder else layer.inputs
        columns = latent_dim if layer.role in ("mean", "log_variance") else layer.outputs
        limit = np.sqrt(6.0 / (rows + columns))
        kernel = np.zeros((layer.inputs, layer.outputs), np.float32)
        kernel[:rows, :columns] = random.uniform(-limit, limit, (rows, columns))
        kernels.append(kernel)
        vectors += [np.full(layer.outputs, float(name == "gamma"), np.float32) for name in layer.vectors]
    return Weights(tuple(kernels), np.concatenate([*vectors, np.zeros(layout.columns, np.float32)]))


def initial_statistics(layout: Layout) -> Vector:
    """Return the moving statistics a run starts from: mean 0, variance 1."""
    values = [np.full(width, float(i % 2), np.float32) for i, width in enumerate(layout.statistics_widths)]
    return np.concatenate([*values, np.zeros(0, np.float32)])
