"""The decoder of a trained network as steps of a generator."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vaebench.engine.keras_layout import KerasLayout
from vaebench.engine.keras_models import trained_models
from vaebench.engine.perceptron import BATCH_NORM_EPSILON
from vaebench.engine.train import Trained
from vaebench.engine.weights import Layout
from vaebench.generator import keras

Step = tuple[str, Mapping[str, Any]]


def decoder_steps(trained: Trained) -> list[Step] | None:
    """Return the steps; None for a Keras model that cannot be loaded without code, as one with layers of its own."""
    layout = trained.layout
    if not isinstance(layout, KerasLayout):
        return list(_layers(trained, layout))
    content = np.frombuffer(saved(trained_models(trained)[1]) or b"", np.uint8)
    try:
        keras(np.zeros((1, trained.spec.latent_dim)), np.random.default_rng(0), model=content)
    except Exception:  # whatever Keras raises for what is no file, or names classes it does not know
        return None
    return [("keras", {"model": content})]


def saved(model: Any) -> bytes | None:
    """Return the content of a Keras model's .keras file; None if it cannot be saved, as one with layers of its own."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        try:
            model.save(file)
        except Exception:  # as above
            return None
        return file.read_bytes()


def _layers(trained: Trained, layout: Layout) -> Iterator[Step]:
    """Yield the decoder's layers, latent_dim wide. Batch norm is part of the dense layer before it."""
    variables = layout.unpack(trained.weights, trained.statistics)
    inputs = slice(trained.spec.latent_dim)
    for layer, tensors, moments in zip(layout.layers, variables.trained, variables.moments, strict=True):
        if layer.role not in ("decoder", "output"):
            continue
        values = {name: np.asarray(value, np.float64) for name, value in tensors.items()}
        kernel, bias = values["kernel"][inputs], values["bias"]
        if layer.normed:
            mean, variance = (np.asarray(value, np.float64) for value in moments)
            factor = values["gamma"] / np.sqrt(variance + BATCH_NORM_EPSILON)
            kernel, bias = kernel * factor, (bias - mean) * factor + values["beta"]
        yield "dense", {"kernel": kernel, "bias": bias}
        if layer.hidden:
            yield trained.spec.activation, {}
        inputs = slice(None)
