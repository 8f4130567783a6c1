"""Jacobians of the networks against finite differences, and that asking for them leaves training as it is."""

from functools import partial

import numpy as np
import pytest
from small_specs import small_spec

from vaebench.engine.batch import Batch
from vaebench.engine.jacobians import AT_ONCE, by_inputs, by_outputs
from vaebench.engine.network_of import network_of
from vaebench.engine.perceptron import Assigned
from vaebench.engine.structure import Structure
from vaebench.engine.train import start_of
from vaebench.engine.training_loop import settings_of
from vaebench.networks import _of_function
from vaebench.parts import make
from vaebench.tf_setup import tf
from vaebench.variants import Variant

ROWS, COLUMNS, LATENT_DIM = 5, 3, 2
X = np.random.default_rng(7).normal(size=(ROWS, COLUMNS)).astype(np.float32)
STEP = 1e-2
ONLY_GRADIENTS = {"contractive": {}, "rae_gp": {"beta": 0.0, "gradient": 1.0}}


def smooth(columns, latent_dim):
    """Return Keras models with what behaves differently in training: batch norm and dropout."""
    import keras
    from keras import layers

    rows, z = keras.Input((columns,)), keras.Input((latent_dim,))
    x = layers.Dropout(0.5)(layers.BatchNormalization()(layers.Dense(8, "tanh")(rows)))
    y = layers.BatchNormalization()(layers.Dense(6, "tanh")(z))
    return keras.Model(rows, [layers.Dense(latent_dim)(x)] * 2), keras.Model(z, layers.Dense(columns)(y))


@pytest.fixture(params=["mlp", "keras"])
def made(request):
    """Return a function that makes the networks of a batch, the same ones each time, with the weights it is given."""
    more = {} if request.param == "mlp" else {"network": _of_function(smooth)()}
    spec = small_spec("vae", latent_dim=LATENT_DIM, activation="tanh", batch_norm=True, dropout=0.5, **more)
    structure = Structure.of(spec, columns=COLUMNS, train_rows=67, test_rows=33)
    start, settings = start_of(structure, spec, X, 0), settings_of(structure, spec)
    seed, mask = tf.constant(start.seed), tf.ones(ROWS, tf.bool)
    statistics = tf.nest.map_structure(tf.constant, start.statistics)
    assigned = Assigned(settings.latent_mask, settings.dropout)

    def make(weights=start.weights):
        weights = tf.nest.map_structure(tf.convert_to_tensor, weights)
        network = network_of(structure.layout, weights, statistics, assigned, mask=mask, seed=seed)
        return Batch(network, settings, structure, mask, seed, epoch=0.0)

    make.weights = start.weights
    return make


@pytest.fixture
def networks(made):
    return made()


def differences(function, at):
    """Return d function(at) / d at [B, outputs, inputs], central differences."""
    steps = STEP * np.eye(at.shape[1], dtype=np.float32)
    return np.stack([(function(at + step) - function(at - step)) / (2 * STEP) for step in steps], axis=-1)


def codes(networks):
    return networks.latent_noise()


def test_of_the_encoder(networks):
    jacobian = networks.encoder_jacobian(tf.constant(X))
    expected = differences(lambda x: networks.encode_inference(tf.constant(x))[0].numpy(), X)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(jacobian, expected, atol=1e-3)
    assert not np.asarray(jacobian)[:, LATENT_DIM:].any()


def test_of_the_decoder(networks):
    z = codes(networks)
    jacobian = networks.decoder_jacobian(z)
    decoder = networks.network.inference()
    expected = differences(lambda z: decoder.decode(tf.constant(z)).numpy(), z.numpy())
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(jacobian, expected, atol=1e-3)
    assert not np.asarray(jacobian)[:, :, LATENT_DIM:].any()


def test_asking_for_them_changes_nothing_for_training(networks):
    def carried():
        return tf.nest.map_structure(np.asarray, (networks.network.statistics, networks.network.activities))

    networks.decode(networks.encode(tf.constant(X))[0])
    before = carried()
    networks.encoder_jacobian(tf.constant(X))
    networks.decoder_jacobian(codes(networks))
    networks.encode_inference(tf.constant(X[:2]))
    tf.nest.map_structure(np.testing.assert_array_equal, carried(), before)
    assert networks.network.losses == []


@pytest.mark.parametrize("variant", ["contractive", "rae_gp"])
def test_penalties_are_squared_norms_of_finite_differences(variant, made):
    networks, again = made(), made()
    terms = make(Variant, variant, ONLY_GRADIENTS[variant]).terms(tf.constant(X), networks)
    if variant == "contractive":
        expected = differences(lambda x: again.encode_inference(tf.constant(x))[0].numpy(), X)
    else:
        z = again.encode(tf.constant(X))[0].numpy()
        expected = differences(lambda z: again.network.inference().decode(tf.constant(z)).numpy(), z)
    np.testing.assert_allclose(terms.penalty, (expected**2).sum(axis=(1, 2)), rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("variant", ["contractive", "rae_gp"])
def test_what_trains_the_kernels_is_the_gradient_of_these_penalties(variant, made):
    part, weights = make(Variant, variant, ONLY_GRADIENTS[variant]), made.weights
    random = np.random.default_rng(3)
    direction = tuple(random.normal(size=kernel.shape).astype(np.float32) for kernel in weights.kernels)

    def penalty(kernels):
        return tf.reduce_sum(part.terms(tf.constant(X), made(weights._replace(kernels=kernels))).penalty)

    def moved(by):
        return tuple(kernel + by * step for kernel, step in zip(weights.kernels, direction, strict=True))

    kernels = tuple(map(tf.constant, weights.kernels))
    with tf.GradientTape() as tape:
        tape.watch(kernels)
        value = penalty(kernels)
    gradients = tape.gradient(value, kernels, unconnected_gradients="zero")
    slope = sum(float(tf.reduce_sum(g * step)) for g, step in zip(gradients, direction, strict=True))
    expected = float(penalty(moved(1e-3)) - penalty(moved(-1e-3))) / 2e-3
    assert abs(expected) > 0.1
    assert slope == pytest.approx(expected, rel=2e-2)


@pytest.mark.parametrize("of", ["inputs", "outputs"])
def test_many_rows_go_through_the_network_in_blocks_and_the_loop_compiles_with_its_gradient(of):
    """Of tanh(x W) it is (1 - tanh(x W)^2) W'; the rows are more than two blocks have."""
    columns, random = 64, np.random.default_rng(1)
    wide, narrow = (columns, 2) if of == "inputs" else (2, columns)
    kernel = tf.constant(random.normal(size=(wide, narrow)) / 8, tf.float32)
    x = tf.constant(random.normal(size=(2 * AT_ONCE // columns + 3, wide)), tf.float32)
    passed = []

    def network(rows, kernel):
        passed.append(rows.shape[0])
        return tf.tanh(rows @ kernel)

    def in_blocks(kernel):
        function = partial(network, kernel=kernel)
        return by_inputs(function, x) if of == "inputs" else by_outputs(function, x, columns)

    def known(kernel):
        return (1 - tf.tanh(x @ kernel) ** 2)[:, :, None] * tf.transpose(kernel)

    @tf.function(jit_compile=True, autograph=False)
    def with_gradient(jacobian, kernel):
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            found = jacobian(kernel)
            size = tf.reduce_sum(found**2)
        return found, tape.gradient(size, kernel)

    (found, gradient), (expected, slope) = (with_gradient(each, kernel) for each in (in_blocks, known))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-2)
    assert 0 < max(passed) <= AT_ONCE
