"""Encoder and decoder, applied with hyper-parameters that are assigned at run time.

All trained variables of a network live in ONE flat vector and its batch statistics in another: an optimizer then
updates one variable and not forty, which compiles in half the time.

Axes: B rows of a batch, F columns, Z = 42 latent units, of which latent_dim are in use and the others masked to zero.

    encoder  [Dense -> batch norm -> relu -> dropout] * n -> z_mean: Dense, z_log_var: Dense clipped to [-10, 10]
    decoder  [Dense -> batch norm -> relu] * n -> Dense

`vaebench.keras_models` builds the same network, latent_dim wide, from ordinary Keras layers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaebench.runtime import tf
from vaebench.spec import LATENT_UNITS

Vector = NDArray[np.float32]
BATCH_NORM_MOMENTUM = 0.99
BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Dense:
    """One dense layer: where it stands and its sizes. Hidden layers have batch norm, heads have not."""

    role: str  # "encoder" | "decoder" (hidden), "mean", "log_variance", "output" (heads)
    inputs: int
    outputs: int

    @property
    def hidden(self) -> bool:
        """Whether batch norm and relu follow."""
        return self.role in ("encoder", "decoder")

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its trained variables by name, in their order in the flat vector."""
        wide = (self.outputs,)
        norm = {"gamma": wide, "beta": wide} if self.hidden else {}
        return {"kernel": (self.inputs, self.outputs), "bias": wide, **norm}


@dataclass(frozen=True)
class Assigned:
    """The hyper-parameters of a run as scalar tensors, so that one compiled program serves all their values."""

    latent_mask: Any  # [Z], 1.0 for units in use, 0.0 beyond
    batch_norm: Any  # 1.0 on, 0.0 off
    dropout: Any  # the rate


class Layout:
    """The layers of a structure and where each variable stands in the flat vectors."""

    def __init__(self, columns: int, encoder: Sequence[int], decoder: Sequence[int], *, stochastic: bool) -> None:
        self.columns = columns
        self.stochastic = stochastic
        into_encoder = [columns, *encoder]
        into_decoder = [LATENT_UNITS, *decoder]
        heads = ["mean", "log_variance"] if stochastic else ["mean"]
        self.layers = [
            *(Dense("encoder", a, b) for a, b in zip(into_encoder, encoder, strict=False)),
            *(Dense(head, into_encoder[-1], LATENT_UNITS) for head in heads),
            *(Dense("decoder", a, b) for a, b in zip(into_decoder, decoder, strict=False)),
            Dense("output", into_decoder[-1], columns),
        ]
        self.shapes = [shape for layer in self.layers for shape in layer.shapes.values()] + [(columns,)]
        self.statistics_widths = [layer.outputs for layer in self.layers if layer.hidden for _ in range(2)]

    @property
    def size(self) -> int:
        """Length of the flat vector of trained variables: every layer's, then the decoder's log-variance [F]."""
        return sum(int(np.prod(shape)) for shape in self.shapes)

    def unpack(self, flat: Any, statistics: Any) -> "Variables":
        """Split the flat vectors (tensors) into each layer's variables."""
        pieces = tf.split(flat, [int(np.prod(shape)) for shape in self.shapes])
        tensors = iter([tf.reshape(piece, shape) for piece, shape in zip(pieces, self.shapes, strict=True)])
        trained = [dict(zip(layer.shapes, tensors, strict=False)) for layer in self.layers]
        moving: Iterator[Any] = iter(tf.split(statistics, self.statistics_widths) if self.statistics_widths else [])
        moments = [(next(moving), next(moving)) if layer.hidden else None for layer in self.layers]
        return Variables(trained, moments, next(tensors))


@dataclass(frozen=True)
class Variables:
    """Each layer's variables, in the layout's order."""

    trained: list[dict[str, Any]]
    moments: list[Any]  # (moving mean, moving variance), None for heads
    log_variance: Any  # [F]


class Network:
    """A layout with variables, applied to batches. With a row mask [B] it trains, without it infers.

    Training uses the batch's statistics (rows whose mask is false do not count) and dropout; `statistics` then holds
    the moving statistics after the batch and `activities` the encoder's hidden activities with z_mean at their end.
    """

    def __init__(
        self, layout: Layout, variables: Variables, assigned: Assigned, *, mask: Any = None, seed: Any
    ) -> None:
        self.layout, self.variables, self.assigned = layout, variables, assigned
        self.counted = None if mask is None else tf.cast(mask, tf.float32)[:, None]  # [B, 1]
        self.seed = seed
        self.activities: list[Any] = []
        self._moments = list(variables.moments)

    @property
    def statistics(self) -> Any:
        """The moving statistics as a flat vector."""
        moments = [moment for pair in self._moments if pair is not None for moment in pair]
        return tf.concat(moments, axis=0) if moments else tf.zeros(0)

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Return z_mean [B, Z] and z_log_var [B, Z] (None where the layout is not stochastic) of rows x [B, F]."""
        activities = []
        for index, layer in enumerate(self.layout.layers):
            if layer.role == "encoder":
                x = tf.nn.relu(self._normed(index, self._affine(index, x)))  # [B, width]
                if self.counted is not None:
                    x = dropout(x, self.assigned.dropout, tf.add(self.seed, (0, index)))
                activities.append(x)
        mean = self._head("mean", x) * self.assigned.latent_mask
        self.activities = [*activities, mean]
        if not self.layout.stochastic:
            return mean, None
        return mean, tf.clip_by_value(self._head("log_variance", x), -10.0, 10.0) * self.assigned.latent_mask

    def decode(self, z: Any) -> Any:
        """Return the decoder's output [B, F] of latent vectors z [B, Z]."""
        x = z * self.assigned.latent_mask
        for index, layer in enumerate(self.layout.layers):
            if layer.role == "decoder":
                x = tf.nn.relu(self._normed(index, self._affine(index, x)))
        return self._head("output", x)

    def _head(self, role: str, x: Any) -> Any:
        return self._affine([layer.role for layer in self.layout.layers].index(role), x)

    def _affine(self, index: int, x: Any) -> Any:
        own = self.variables.trained[index]
        return x @ own["kernel"] + own["bias"]

    def _normed(self, index: int, h: Any) -> Any:
        """Return batch norm of h [B, width] where it is on, h where it is off."""
        own = self.variables.trained[index]
        mean, variance = self._moments[index]
        if self.counted is not None:
            rows = tf.reduce_sum(self.counted)
            batch_mean = tf.reduce_sum(self.counted * h, axis=0) / rows
            batch_variance = tf.reduce_sum(self.counted * (h - batch_mean) ** 2, axis=0) / rows
            keep = BATCH_NORM_MOMENTUM
            self._moments[index] = (
                keep * mean + (1 - keep) * tf.stop_gradient(batch_mean),
                keep * variance + (1 - keep) * tf.stop_gradient(batch_variance),
            )
            mean, variance = batch_mean, batch_variance
        normed = own["gamma"] * (h - mean) * tf.math.rsqrt(variance + BATCH_NORM_EPSILON) + own["beta"]
        return h + self.assigned.batch_norm * (normed - h)


def dropout(h: Any, rate: Any, seed: Any) -> Any:
    """Zero each unit with probability `rate` and scale the others by 1 / (1 - rate); stateless, from `seed` [2]."""
    kept = tf.random.stateless_uniform(h.shape, seed, alg="philox") >= rate
    return tf.where(kept, h / (1.0 - rate), 0.0)


def initial_weights(layout: Layout, latent_dim: int, random: np.random.Generator) -> Vector:
    """Draw the flat vector a run starts from: Glorot uniform kernels, gamma 1, the rest 0.

    Kernels are those of a network latent_dim wide: U(-a, a), a = sqrt(6 / (fan_in + fan_out)). Weights of masked latent
    units are zero and stay so.
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
    """
    values = []
    into_decoder = next(layer for layer in layout.layers if layer.role in ("decoder", "output"))
    for layer in layout.layers:
        rows = latent_dim if layer is into_decoder else layer.inputs
        columns = latent_dim if layer.role in ("mean", "log_variance") else layer.outputs
        limit = np.sqrt(6.0 / (rows + columns))
        for name, shape in layer.shapes.items():
            value = np.full(shape, 1.0 if name == "gamma" else 0.0, np.float32)
            if name == "kernel":
                value[:rows, :columns] = random.uniform(-limit, limit, (rows, columns))
            values.append(value.ravel())
    return np.concatenate([*values, np.zeros(layout.columns, np.float32)])


def initial_statistics(layout: Layout) -> Vector:
    """Return the moving statistics a run starts from: mean 0, variance 1."""
    values = [np.full(width, float(i % 2), np.float32) for i, width in enumerate(layout.statistics_widths)]
    return np.concatenate([*values, np.zeros(0, np.float32)])
