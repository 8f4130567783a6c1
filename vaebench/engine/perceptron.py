"""Encoder and decoder, with hyper-parameters that are assigned at run time.

Axes: B rows of a batch, F columns, Z = 42 latent units, of which latent_dim are in use and the others masked to zero.

    encoder  [Dense -> batch norm -> activation -> dropout] * n
             -> z_mean: Dense -> batch norm -> code activation, z_log_var: Dense, clipped
    decoder  [Dense -> batch norm -> activation] * n -> Dense

`vaebench.engine.keras_models` builds the same network, latent_dim wide, from Keras layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaebench.engine.random_numbers import uniform
from vaebench.engine.weights import Layout, Variables
from vaebench.tf_setup import tf

BATCH_NORM_MOMENTUM = 0.99
BATCH_NORM_EPSILON = 1e-3


ACTIVATIONS: dict[str, Any] = {
    "linear": lambda x: x,
    "relu": tf.nn.relu,
    "elu": tf.nn.elu,
    "gelu": tf.nn.gelu,
    "swish": lambda x: x * tf.sigmoid(x),
    "tanh": tf.tanh,
    "sigmoid": tf.sigmoid,
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, 0.2),
}
"""As Keras's functions of these names are."""


@dataclass(frozen=True)
class Assigned:
    """Hyper-parameters of a run as tensors, so that one compiled program works for all their values."""

    latent_mask: Any  # [Z], 1.0 for units in use, 0.0 beyond
    dropout: Any  # the rate


class Network:
    """A layout with its variables, applied to batches: for training with a row mask [B], for inference without.

    Training uses dropout and the batch's statistics, in which only rows with a true mask count. Afterwards `statistics`
    are the moving statistics after the batch, and `activities` the encoder's hidden activities, then z_mean.
    """

    def __init__(
        self, layout: Layout, variables: Variables, assigned: Assigned, *, mask: Any = None, seed: Any = None
    ) -> None:
        self.layout, self.variables, self.assigned = layout, variables, assigned
        self.counted = None if mask is None else tf.cast(mask, tf.float32)[:, None]  # [B, 1]
        self.seed = seed
        self.activation = ACTIVATIONS[layout.network.activation]
        self.activities: list[Any] = []
        self.losses: list[Any] = []
        """What layers add to the loss by themselves: nothing."""
        self._moments = list(variables.moments)

    @property
    def own(self) -> Mapping[str, Any]:
        """The variant's own variables."""
        return self.variables.own

    @property
    def log_variance(self) -> Any:
        """The decoder's log-variance per column [F]."""
        return self.variables.log_variance

    @property
    def decoder_kernels(self) -> list[Any]:
        """The decoder's kernels."""
        layers = zip(self.layout.layers, self.variables.trained, strict=True)
        return [arrays["kernel"] for layer, arrays in layers if layer.role in ("decoder", "output")]

    @property
    def statistics(self) -> Any:
        """The moving statistics as one vector."""
        moments = [moment for pair in self._moments if pair is not None for moment in pair]
        return tf.concat(moments, axis=0) if moments else tf.zeros(0)

    def inference(self) -> "Network":
        """Return the network for inference, with the moving statistics from before the batch."""
        return Network(self.layout, self.variables, self.assigned)

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Return z_mean [B, Z] and z_log_var [B, Z] of rows x [B, F]; the latter is None for deterministic variants."""
        activities = []
        for index, layer in enumerate(self.layout.layers):
            if layer.role == "encoder":
                x = self.activation(self._normed(index, self._affine(index, x)))  # [B, width]
                if self.counted is not None:
                    x = dropout(x, self.assigned.dropout, tf.add(self.seed, (0, index)))
                activities.append(x)
        mean = ACTIVATIONS[self.layout.network.code_activation](self._head("mean", x)) * self.assigned.latent_mask
        self.activities = [*activities, mean]
        if not self.layout.variant.stochastic:
            return mean, None
        bounds = self.layout.variant.log_variance_bounds
        return mean, tf.clip_by_value(self._head("log_variance", x), *bounds) * self.assigned.latent_mask

    def decode(self, z: Any) -> Any:
        """Return the decoder's output [B, F] of latent vectors z [B, Z], or of several draws, [draws * B, F]."""
        x = z * self.assigned.latent_mask
        for index, layer in enumerate(self.layout.layers):
            if layer.role == "decoder":
                x = self.activation(self._normed(index, self._affine(index, x)))
        return self._head("output", x)

    def _head(self, role: str, x: Any) -> Any:
        index = [layer.role for layer in self.layout.layers].index(role)
        return self._normed(index, self._affine(index, x))

    def _affine(self, index: int, x: Any) -> Any:
        arrays = self.variables.trained[index]
        return x @ arrays["kernel"] + arrays["bias"]

    def _normed(self, index: int, h: Any) -> Any:
        """Return h [B, width] after batch norm, or unchanged if the layer has none."""
        if not self.layout.layers[index].normed:
            return h
        arrays = self.variables.trained[index]
        mean, variance = self._moments[index]
        if self.counted is not None:
            counted = tf.tile(self.counted, (h.shape[0] // self.counted.shape[0], 1))
            rows = tf.reduce_sum(counted)
            batch_mean = tf.reduce_sum(counted * h, axis=0) / rows
            batch_variance = tf.reduce_sum(counted * (h - batch_mean) ** 2, axis=0) / rows
            keep = BATCH_NORM_MOMENTUM
            self._moments[index] = (
                keep * mean + (1 - keep) * tf.stop_gradient(batch_mean),
                keep * variance + (1 - keep) * tf.stop_gradient(batch_variance),
            )
            mean, variance = batch_mean, batch_variance
        return arrays["gamma"] * (h - mean) * tf.math.rsqrt(variance + BATCH_NORM_EPSILON) + arrays["beta"]


def dropout(h: Any, rate: Any, seed: Any) -> Any:
    """Zero each unit with probability `rate` and scale the others by 1 / (1 - rate); stateless, from `seed` [2]."""
    return tf.where(uniform(h.shape, seed) >= rate, h * (1.0 / (1.0 - rate)), 0.0)
