"""Each loss against a formula written by somebody else."""

from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import pytest
from scipy import stats
from small_specs import small_spec

from vaebench.engine.structure import Structure
from vaebench.losses import Loss
from vaebench.parts import make
from vaebench.tf_setup import tf

ERRORS = np.concatenate([np.linspace(-6, 6, 25), [0.0, 1e-4, -1e-4, 300.0, -5e3]]).astype(np.float32)[:, None]
X = np.full_like(ERRORS, 0.25)


def values(name, x, output, log_variance=0.0, **params):
    cells = make(Loss, name, params).elementwise(
        tf.constant(x), tf.constant(output), tf.fill([x.shape[1]], log_variance)
    )
    return cells.numpy().astype(np.float64)


def test_mse_is_minus_the_log_likelihood_of_a_unit_normal():
    expected = -stats.norm.logpdf(X, loc=X - ERRORS) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(values("mse", X, X - ERRORS), expected, rtol=1e-4, atol=1e-6)


def test_mae_is_minus_the_log_likelihood_of_a_laplace():
    r = ERRORS[np.abs(ERRORS) < 700]  # scipy's density is 0 beyond
    expected = -stats.laplace.logpdf(r) - np.log(2)
    np.testing.assert_allclose(values("mae", r[:, None], 0 * r[:, None])[:, 0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("delta", [0.1, 1.0, 5.0])
def test_huber_is_keras_huber(delta):
    expected = keras.losses.Huber(delta=delta, reduction=None)(X, X - ERRORS)
    np.testing.assert_allclose(values("huber", X, X - ERRORS, delta=delta)[:, 0], expected, rtol=1e-4, atol=1e-6)


def test_log_cosh_is_numpys_where_that_does_not_overflow():
    r = ERRORS.astype(np.float64)
    near = np.abs(r) < 700
    cells = values("log_cosh", X, X - ERRORS)
    np.testing.assert_allclose(cells[near], np.log(np.cosh(r[near])), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(cells[~near], np.abs(r[~near]) - np.log(2), rtol=1e-4)


def test_binary_crossentropy_is_keras_binary_crossentropy():
    x = np.random.default_rng(0).uniform(size=(20, 3)).astype(np.float32)
    logits = np.random.default_rng(1).normal(0, 3, (20, 3)).astype(np.float32)
    expected = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)(x[..., None], logits[..., None])
    np.testing.assert_allclose(values("binary_crossentropy", x, logits), expected, rtol=1e-5)
    decoded = make(Loss, "binary_crossentropy").decoded(tf.constant(logits))  # type: ignore[attr-defined]
    np.testing.assert_allclose(decoded, 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_binary_crossentropy_takes_rows_beyond_the_training_range_for_0_or_1():
    inside = values("binary_crossentropy", np.array([[0.0], [1.0]], np.float32), np.array([[0.7], [0.7]], np.float32))
    beyond = values("binary_crossentropy", np.array([[-0.2], [1.3]], np.float32), np.array([[0.7], [0.7]], np.float32))
    np.testing.assert_array_equal(inside, beyond)


@pytest.mark.parametrize("std", [0.05, 1.0, 20.0])
def test_gaussian_nll_is_minus_the_log_likelihood_of_a_normal(std):
    expected = -stats.norm.logpdf(X, loc=X - ERRORS, scale=std) - 0.5 * np.log(2 * np.pi)
    cells = values("gaussian_nll", X, X - ERRORS, log_variance=float(2 * np.log(std)))
    np.testing.assert_allclose(cells, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scale", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("degrees", [2.1, 5.0, 300.0])
def test_student_t_is_minus_the_log_likelihood_of_students_t(scale, degrees):
    expected = -stats.t.logpdf(X, degrees, loc=X - ERRORS, scale=scale) + stats.t.logpdf(0.0, degrees)
    cells = values("student_t", X, X - ERRORS, log_variance=float(2 * np.log(scale)), degrees_of_freedom=degrees)
    np.testing.assert_allclose(cells, expected, rtol=1e-4, atol=1e-5)


@dataclass(frozen=True)
class Power(Loss):
    """|x - y|^order / width, the order structural."""

    structure: ClassVar[tuple[str, ...]] = ("order",)
    order: int = 2
    width: float = 1.0

    def elementwise(self, x, output, log_variance):
        return tf.abs(x - output) ** self.order / self.width


def test_a_loss_may_have_structural_fields():
    def structure(loss):
        return Structure.of(small_spec(loss=loss), columns=1, train_rows=67, test_rows=33)

    assert structure(Power(order=3)).losses[-1] == Power(order=3)
    assert structure(Power(order=3)) != structure(Power())
    assert structure(Power(order=3, width=2.0)) == structure(Power(order=3))
    assert structure(make(Loss, "huber", {"delta": 3.0})) == structure(make(Loss, "mse"))
