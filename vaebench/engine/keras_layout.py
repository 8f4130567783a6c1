"""A network of ordinary Keras models inside a program: its variables as the program's arrays, applied to batches.

Keras applies a model to given values of its variables (`stateless_call`), so its layers need know nothing of a program.
Batches have their true size: the last one may be smaller, and any layer sees it as in Keras's `fit`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaebench.engine.keras_build import built
from vaebench.engine.weights import Weights
from vaebench.networks import KerasNetwork
from vaebench.tf_setup import tf
from vaebench.variants import Variant

State = tuple[Any, ...]
"""What layers carry from batch to batch: moving statistics, the seeds of dropout. Arrays outside programs."""


@lru_cache(maxsize=64)
def keras_layout(network: KerasNetwork, columns: int, latent_units: int, variant: Variant) -> "KerasLayout":
    """Return the layout of a network, one per process: building models takes a tenth of a second."""
    return KerasLayout(network, columns, latent_units, variant)


class KerasLayout:
    """The variables of an encoder and a decoder, each once, and their place in the arrays of a program.

    Kernels are what has two axes or more: l2_weights penalises these. Everything else is part of the vector.
    """

    pads = False

    def __init__(self, network: KerasNetwork, columns: int, latent_units: int, variant: Variant) -> None:
        self.columns, self.latent_units, self.variant, self._network = columns, latent_units, variant, network
        self.models = self._built(0)
        trained, state = _variables(self.models)
        self.shapes = [tuple(variable.shape) for variable in trained]
        self.places = [[_place(one, trained) for one in model.trainable_variables] for model in self.models]
        self.state_places = [[_place(one, state) for one in model.non_trainable_variables] for model in self.models]

    def start(self, latent_dim: int, random: np.random.Generator) -> tuple[Weights, State]:
        """Build the network anew: return the weights that a run starts from, and its state."""
        trained, state = _variables(self._built(int(random.integers(2**31))))
        arrays = [variable.numpy() for variable in trained]
        return self._packed(arrays), tuple(variable.numpy() for variable in state)

    def unpack(self, weights: Weights) -> list[Any]:
        """Return the value of each trained variable."""
        sizes = [int(np.prod(shape)) for shape in self.shapes if len(shape) < 2]
        vectors = iter(tf.split(weights.vector, [*sizes, self.columns]))
        kernels = iter(weights.kernels)
        return [next(kernels) if len(shape) > 1 else tf.reshape(next(vectors), shape) for shape in self.shapes]

    def models_with(self, weights: Weights, state: State) -> tuple[Any, Any]:
        """Return new models with these weights and this state. The encoder of a point has one output."""
        from vaebench.tf_setup import keras

        encoder, decoder = models = self._built(0)
        for variables, values in zip(_variables(models), (self.unpack(weights), state), strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        if not self.variant.stochastic and isinstance(encoder.output, list | tuple):
            encoder = keras.Model(encoder.input, encoder.output[0])
        encoder.name, decoder.name = "encoder", "decoder"
        return encoder, decoder

    def _built(self, seed: int) -> tuple[Any, Any]:
        return built(self._network, self.columns, self.latent_units, self.variant, seed)

    def _packed(self, arrays: list[NDArray[Any]]) -> Weights:
        vectors = [array.ravel() for array in arrays if array.ndim < 2]
        kernels = tuple(array for array in arrays if array.ndim > 1)
        return Weights(kernels, np.concatenate([*vectors, np.zeros(self.columns, np.float32)]))


class KerasApplied:
    """A layout with its values, applied to batches: see vaebench.engine.perceptron.Network."""

    def __init__(self, layout: KerasLayout, weights: Weights, state: State, *, training: bool) -> None:
        self.layout, self.weights, self.state, self.training = layout, weights, state, training
        self.trained, self.statistics = layout.unpack(weights), state
        self.log_variance = weights.vector[-layout.columns :]
        self.activities: list[Any] = []
        self.losses: list[Any] = []

    @property
    def own(self) -> Mapping[str, Any]:
        """The variant's own variables."""
        return self.weights.own

    def inference(self) -> "KerasApplied":
        """Return the network for inference, with the state from before the batch."""
        return KerasApplied(self.layout, self.weights, self.state, training=False)

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Return z_mean [B, Z] and z_log_var [B, Z] of rows x [B, F]; the latter is None for deterministic variants."""
        made = self._call(0, x)
        mean, *rest = made if isinstance(made, tuple | list) else [made]
        self.activities = [mean]
        if not self.layout.variant.stochastic:
            return mean, None
        return mean, tf.clip_by_value(rest[0], *self.layout.variant.log_variance_bounds)

    def decode(self, z: Any) -> Any:
        """Return the decoder's output [B, F] of latent vectors z [B, Z]."""
        made = self._call(1, z)
        return made[0] if isinstance(made, tuple | list) else made

    @property
    def decoder_kernels(self) -> list[Any]:
        """The decoder's kernels: what has two axes or more."""
        trained = [self.trained[place] for place in self.layout.places[1]]
        return [value for value in trained if len(value.shape) > 1]

    def _call(self, index: int, x: Any) -> Any:
        trained = [self.trained[place] for place in self.layout.places[index]]
        places = self.layout.state_places[index]
        made, after, losses = self.layout.models[index].stateless_call(
            trained, [self.statistics[place] for place in places], x, training=self.training, return_losses=True
        )
        state = list(self.statistics)
        for place, value in zip(places, after, strict=True):
            state[place] = value
        self.statistics = tuple(state)
        self.losses += losses
        return made


def _variables(models: tuple[Any, Any]) -> tuple[list[Any], list[Any]]:
    """Return the trained variables of two models and the others, each once even if both models share it."""
    trained = {id(variable): variable for model in models for variable in model.trainable_variables}
    state = {id(variable): variable for model in models for variable in model.non_trainable_variables}
    return list(trained.values()), list(state.values())


def _place(variable: Any, variables: list[Any]) -> int:
    return next(index for index, one in enumerate(variables) if one is variable)
