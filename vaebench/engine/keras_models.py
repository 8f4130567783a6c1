"""A trained network as two ordinary Keras models, latent_dim wide, for users to save, load and build on."""

from typing import Any

import numpy as np

from vaebench.engine.keras_layout import KerasLayout
from vaebench.engine.perceptron import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from vaebench.engine.train import Trained
from vaebench.engine.weights import Layout, Vector, Weights
from vaebench.study.spec import Spec
from vaebench.tf_setup import keras


def build(spec: Spec, columns: int) -> tuple[Any, Any]:
    """Return an untrained encoder (rows -> z_mean, or [z_mean, z_log_var]) and decoder (z -> output).

    For binary cross-entropy the decoder's output is the logits.
    """
    x = rows = keras.Input((columns,), name="rows")
    for index, width in enumerate(spec.encoder):
        x = _hidden(spec, f"encoder_{index}", width)(x)
        x = keras.layers.Dropout(spec.dropout, name=f"encoder_{index}_dropout")(x)
    mean = keras.layers.Dense(spec.latent_dim, name="mean")(x)
    if spec.code_norm:
        mean = _batch_norm("mean")(mean)
    if spec.code_activation != "linear":
        mean = keras.layers.Activation(spec.code_activation, name="code_activation")(mean)
    outputs = mean
    if spec.variant.stochastic:
        log_variance = keras.layers.Dense(spec.latent_dim, name="log_variance")(x)
        outputs = [mean, keras.ops.clip(log_variance, *spec.variant.log_variance_bounds)]
    z = latent = keras.Input((spec.latent_dim,), name="z")
    for index, width in enumerate(spec.decoder):
        z = _hidden(spec, f"decoder_{index}", width)(z)
    output = keras.layers.Dense(columns, name="output")(z)
    return keras.Model(rows, outputs, name="encoder"), keras.Model(latent, output, name="decoder")


def trained_models(trained: Trained) -> tuple[Any, Any]:
    """Return encoder and decoder with the trained weights."""
    layout = trained.layout
    if isinstance(layout, KerasLayout):
        return layout.models_with(trained.weights, trained.statistics)
    encoder, decoder = build(trained.spec, layout.columns)
    set_weights(trained.spec, layout, trained.weights, trained.statistics, encoder, decoder)
    return encoder, decoder


def set_weights(spec: Spec, layout: Layout, weights: Weights, statistics: Vector, encoder: Any, decoder: Any) -> None:
    """Copy the weights of a masked network into the Keras models, which have only the latent units in use."""
    variables = layout.unpack(weights, statistics)
    counts = {"encoder": 0, "decoder": 0}
    into_decoder = next(layer for layer in layout.layers if layer.role in ("decoder", "output"))
    for layer, arrays, moments in zip(layout.layers, variables.trained, variables.moments, strict=True):
        model = decoder if layer.role in ("decoder", "output") else encoder
        name = layer.role
        if layer.hidden:
            name = f"{layer.role}_{counts[layer.role]}"
            counts[layer.role] += 1
        rows = slice(spec.latent_dim if layer is into_decoder else None)
        used = slice(spec.latent_dim if layer.role in ("mean", "log_variance") else None)
        model.get_layer(name).set_weights([np.asarray(arrays["kernel"])[rows, used], np.asarray(arrays["bias"])[used]])
        if layer.normed:
            values = [arrays["gamma"], arrays["beta"], *moments]
            model.get_layer(f"{name}_norm").set_weights([np.asarray(value)[used] for value in values])


def _hidden(spec: Spec, name: str, width: int) -> Any:
    """Return a function that applies Dense, batch norm if it is on, and the activation."""

    def apply(x: Any) -> Any:
        x = keras.layers.Dense(width, name=name)(x)
        if spec.batch_norm:
            x = _batch_norm(name)(x)
        return keras.layers.Activation(spec.activation, name=f"{name}_{spec.activation}")(x)

    return apply


def _batch_norm(name: str) -> Any:
    return keras.layers.BatchNormalization(
        momentum=BATCH_NORM_MOMENTUM, epsilon=BATCH_NORM_EPSILON, name=f"{name}_norm"
    )
