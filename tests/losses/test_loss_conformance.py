"""What every loss must do; every file of vaebench.losses, and every installed loss, is run through it."""

import dataclasses

import numpy as np
import pytest

from vaebench.engine.structure import assigned_fields
from vaebench.losses import Loss
from vaebench.parts import load, modules
from vaebench.tf_setup import tf

GRID = np.linspace(-8.0, 8.0, 3201, dtype=np.float32)[:, None]  # decoder outputs, [B, 1]


@pytest.fixture(params=modules(Loss))
def loss(request):
    return load(Loss, request.param)()


def numbers(*shape, seed=0):
    """Return rows in [0, 1], which any scaling allows."""
    return tf.constant(np.random.default_rng(seed).uniform(size=shape), tf.float32)


def test_it_is_elementwise(loss):
    x, output, log_variance = numbers(7, 3), numbers(7, 3, seed=1), tf.constant([0.1, -0.3, 0.5])
    cells = loss.elementwise(x, output, log_variance)
    assert cells.shape == (7, 3)
    for row, column in [(0, 0), (3, 1), (6, 2)]:
        alone = loss.elementwise(
            x[row, None, column, None], output[row, None, column, None], log_variance[column, None]
        )
        assert float(alone[0, 0]) == pytest.approx(float(cells[row, column]), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("value", [0.05, 0.3, 0.8])
def test_it_is_smallest_where_the_decoded_output_is_the_row(loss, value):
    cells = loss.elementwise(tf.fill(GRID.shape, value), tf.constant(GRID), tf.zeros(1)).numpy()[:, 0]
    best = int(cells.argmin())
    assert float(loss.decoded(GRID[best])[0]) == pytest.approx(value, abs=0.01)
    rises = np.diff(cells)
    slack = 1e-5 * np.abs(cells).max()
    assert (rises[:best] <= slack).all(), "it falls on the way there"
    assert (rises[best:] >= -slack).all(), "and rises behind"
    assert cells[0] > cells[best] + 0.01
    assert cells[-1] > cells[best] + 0.01


@pytest.mark.parametrize("size", [0.0, 1e-6, 1.0, 1e4])
@pytest.mark.parametrize("log_variance", [-10.0, 0.0, 10.0])
def test_loss_and_gradient_are_finite_for_errors_of_any_size(loss, size, log_variance):
    x = tf.constant([[0.0], [0.3], [1.0]])
    output, spread = x + size * tf.constant([[1.0], [-1.0], [1.0]]), tf.fill([1], log_variance)
    with tf.GradientTape() as tape:
        tape.watch([output, spread])
        cells = loss.elementwise(x, output, spread)
    gradients = tape.gradient(cells, [output, spread], unconnected_gradients="zero")
    for numbers in (cells, *gradients):
        assert np.isfinite(numbers).all()
    if size >= 1.0 and loss.required_scaling is None and not loss.replica:  # a replica may well be wrong
        assert (np.sign(gradients[0]) == [[1.0], [-1.0], [1.0]]).all(), "it pulls towards the row"


def test_decoded_keeps_shape_and_range(loss):
    output = tf.constant([[-1e4, -1.0, 0.0], [1.0, 30.0, 1e4]])
    decoded = loss.decoded(output).numpy()
    assert decoded.shape == (2, 3)
    assert np.isfinite(decoded).all()
    assert (np.diff(decoded.ravel()) >= 0).all()
    if loss.required_scaling == "minmax":
        assert decoded.min() >= 0.0
        assert decoded.max() <= 1.0


def test_it_uses_the_learned_variance_if_and_only_if_it_says_so(loss):
    x, output, log_variance = numbers(7, 3), numbers(7, 3, seed=1), tf.zeros(3)
    with tf.GradientTape() as tape:
        tape.watch(log_variance)
        cells = loss.elementwise(x, output, log_variance)
    gradient = tape.gradient(cells, log_variance)
    assert loss.learns_variance == (gradient is not None and bool(tf.reduce_any(gradient != 0.0)))


def test_its_scaling_is_one_there_is(loss):
    assert loss.required_scaling in (None, "standard", "minmax", "none")


def test_what_a_program_assigns_are_numbers(loss):
    x, output = numbers(7, 3), 3.0 * numbers(7, 3, seed=1)
    tensors = {name: tf.constant(float(getattr(loss, name))) for name in assigned_fields(loss)}
    inside = dataclasses.replace(loss, **tensors).elementwise(x, output, tf.zeros(3))
    np.testing.assert_allclose(inside, loss.elementwise(x, output, tf.zeros(3)), rtol=1e-6)


def test_its_derivatives_are_those_of_its_formula(loss):
    x, output = numbers(50, 2), numbers(50, 2, seed=1) * 3.0 - 1.0
    derivatives = loss.derivatives(x.numpy().astype(np.float64), output.numpy().astype(np.float64))
    if derivatives is None:
        return
    with tf.GradientTape() as outer:
        outer.watch(output)
        with tf.GradientTape() as inner:
            inner.watch(output)
            cells = loss.elementwise(x, output, tf.zeros(2))
        first = inner.gradient(cells, output)
    second = outer.gradient(first, output)
    np.testing.assert_allclose(derivatives[0], first, atol=1e-5)
    np.testing.assert_allclose(derivatives[1], second, atol=1e-4)
