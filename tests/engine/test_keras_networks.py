"""A Keras network in a program against Keras's own `fit`: the same weights, and what layers carry, step by step."""

import dataclasses
import random as python_random
import threading

import keras
import numpy as np
import pytest
from keras import layers

from vaebench.engine.keras_build import built
from vaebench.engine.keras_layout import KerasLayout
from vaebench.engine.keras_models import trained_models
from vaebench.engine.structure import Structure
from vaebench.engine.train import start_of, train
from vaebench.networks import _of_function
from vaebench.parts import make
from vaebench.study.spec import Spec
from vaebench.tf_setup import tf
from vaebench.variants import Terms, Variant

pytestmark = pytest.mark.slow
random = np.random.default_rng(2)
TRAIN, TEST = random.normal(size=(19, 2)), random.normal(size=(7, 2))  # the last batch has three rows
SEED = 4


def everything(columns, latent_dim):
    """Return models with every kind of layer that carries something on to the next batch, or adds to the loss."""
    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))
    x = layers.BatchNormalization()(rows)
    x = layers.Dense(8, "gelu", kernel_regularizer=keras.regularizers.L2(0.01))(x)
    x = layers.Dropout(0.3)(layers.LayerNormalization()(x))
    x = layers.GaussianNoise(0.1)(layers.Dense(6, "elu", activity_regularizer=keras.regularizers.L1(0.02))(x))
    y = layers.Dense(5, "swish")(z)
    y = layers.PReLU()(layers.BatchNormalization(momentum=0.9)(layers.Dropout(0.2)(y)))
    return keras.Model(rows, layers.Dense(latent_dim)(x)), keras.Model(z, layers.Dense(columns)(y))


def tied(columns, latent_dim):
    """Return an encoder and a decoder that share a layer."""
    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))
    shared = layers.Dense(4, "tanh")
    x = layers.Dense(latent_dim)(shared(layers.Dense(4)(rows)))
    return keras.Model(rows, x), keras.Model(z, layers.Dense(columns)(shared(layers.Dense(4)(z))))


def spec_of(function, **more):
    settings = {"batch_size": 4, "epochs": 6, "latent_dim": 3, "learning_rate": 1e-2, "optimizer": "sgd", **more}
    return Spec(variant=make(Variant, "ae"), network=_of_function(function)(), **settings)


def fitted_by_keras(spec):
    """Train with `fit`, an epoch at a time in the engine's order of rows, and return both models and the losses."""
    structure = Structure.of(spec, columns=2, train_rows=len(TRAIN), test_rows=len(TEST))
    start, layout = start_of(structure, spec, TRAIN, SEED), structure.layout
    assert isinstance(layout, KerasLayout)
    encoder, decoder = layout.models_with(start.weights, start.statistics)
    rows = keras.Input((2,))
    model = keras.Model(rows, decoder(encoder(rows)))
    optimizer = keras.optimizers.get(spec.optimizer)
    optimizer.learning_rate = spec.learning_rate
    # Compiled as ours is: otherwise TensorFlow draws other random numbers from the same seeds.
    model.compile(optimizer=optimizer, jit_compile=True, loss=lambda x, y: 0.5 * tf.reduce_sum((x - y) ** 2, axis=-1))
    losses = []
    for order in start.order[: spec.epochs]:
        x = TRAIN[order].astype(np.float32)
        done = model.fit(x, x, batch_size=spec.batch_size, epochs=1, shuffle=False, verbose=0)
        test = TEST.astype(np.float32)
        losses.append((done.history["loss"][0], model.evaluate(test, test, batch_size=len(TEST), verbose=0)))
    return encoder, decoder, np.array(losses)


@pytest.mark.parametrize("function", [everything, tied])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_engine_trains_as_fit_does(function, optimizer):
    spec = spec_of(function, optimizer=optimizer)
    trained = train(spec, TRAIN, TEST, SEED)
    *theirs, losses = fitted_by_keras(spec)
    for ours, plain in zip(trained_models(trained), theirs, strict=True):
        assert len(ours.variables) == len(plain.variables) > 4
        for a, b in zip(ours.variables, plain.variables, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-3, atol=2e-5, err_msg=a.path)
    np.testing.assert_allclose(trained.history[:, [2, 5]], losses, rtol=1e-3)


@dataclasses.dataclass(frozen=True)
class Asking(Variant):
    """Plain autoencoder that asks for both Jacobians, and weighs them by nothing."""

    def terms(self, x, networks):
        z, _ = networks.encode(x)
        squares = [jacobian**2 for jacobian in (networks.encoder_jacobian(x), networks.decoder_jacobian(z))]
        norm = tf.add_n([tf.reduce_sum(square, axis=(1, 2)) for square in squares])
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=norm)

    def weight(self, epoch):
        return 0.0


def test_jacobians_that_weigh_nothing_leave_training_as_it_is_without():
    spec = spec_of(everything)
    plain = train(spec, TRAIN, TEST, SEED)
    asked = train(dataclasses.replace(spec, variant=Asking()), TRAIN, TEST, SEED)
    assert (asked.history[:, 1] > 0).all()
    carried = [(one.weights.kernels, one.weights.vector, one.statistics) for one in (asked, plain)]
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), *carried)


def test_weights_and_noise_differ_between_seeds_and_not_between_runs():
    spec = spec_of(everything)
    first, again, other = (train(spec, TRAIN, TEST, seed) for seed in (SEED, SEED, SEED + 1))
    tf.nest.map_structure(np.testing.assert_array_equal, first.weights, again.weights)
    tf.nest.map_structure(np.testing.assert_array_equal, first.statistics, again.statistics)
    for a, b in zip(first.weights.kernels, other.weights.kernels, strict=True):
        assert not np.array_equal(a, b)


def test_weights_do_not_depend_on_threads_that_draw_from_python_s_generator():
    def weights():
        models = built(_of_function(everything)(), 2, 3, make(Variant, "ae"), SEED)
        return [array for model in models for array in model.get_weights()]

    def draw():
        while not ended.wait(1e-4):
            python_random.random()

    alone, ended = weights(), threading.Event()
    thread = threading.Thread(target=draw)
    thread.start()
    try:
        others = [weights() for _ in range(3)]
    finally:
        ended.set()
        thread.join()
    for other in others:
        for a, b in zip(alone, other, strict=True):
            np.testing.assert_array_equal(a, b)
