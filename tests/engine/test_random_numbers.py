"""The engine's random numbers: their distributions, their independence, and the same ones eager and compiled."""

import numpy as np
import pytest
from scipy import stats

from vaebench.engine.random_numbers import normal, uniform
from vaebench.tf_setup import tf

N = 200_000
BOUND = 5 / np.sqrt(N)  # five standard errors of a correlation


def draws(draw, *seed: int) -> np.ndarray:
    return draw((N,), tf.constant(seed)).numpy().astype(np.float64)


@pytest.mark.parametrize("seed", [(0, 0), (1, 0), (0, 1), (2**30, 7), (-5, 3)])
def test_the_distributions(seed):
    u, z = draws(uniform, *seed), draws(normal, *seed)
    assert u.min() >= 0.0
    assert u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > 1e-4
    assert stats.kstest(z, "norm").pvalue > 1e-4
    assert stats.kurtosis(z) == pytest.approx(0.0, abs=5 * np.sqrt(24 / N))
    cells = np.histogram2d(u[:-1], u[1:], bins=20)[0]  # neighbours fill the square evenly
    assert stats.chisquare(cells.ravel()).pvalue > 1e-4
    low_bits = (u * 2**23).astype(np.int64) % 256
    assert stats.chisquare(np.bincount(low_bits, minlength=256)).pvalue > 1e-4


@pytest.mark.parametrize("other", [(4, 0), (8, 0), (0, 1), (1, 1), (2**20, 0)])
def test_streams_of_near_seeds_are_independent(other):
    first, second = draws(normal, 0, 0), draws(normal, *other)
    for lag in (0, 1, 4, 42):
        assert abs(np.corrcoef(first[lag:], second[: N - lag])[0, 1]) < BOUND
        assert abs(np.corrcoef(first[lag:] ** 2, second[: N - lag] ** 2)[0, 1]) < BOUND
    assert len(np.intersect1d(first, second)) < 2 * N**2 / 2**23  # as many equal multiples of 2^-23 as chance gives


def test_the_extremes_are_finite():
    z = normal((2**26,), tf.constant([1, 2])).numpy()
    assert np.isfinite(z).all()
    assert 5.0 < np.abs(z).max() < 5.4


def test_ten_thousand_steps_draw_means_of_the_right_spread():
    means = [uniform((100,), tf.constant([4 * step, 0])).numpy().mean() for step in range(10_000)]
    assert stats.kstest((np.array(means) - 0.5) * np.sqrt(1200), "norm").pvalue > 1e-4


@pytest.mark.parametrize("draw", [uniform, normal])
def test_compiled_draws_are_the_eager_ones(draw):
    seed = tf.constant([3, 9])
    compiled = tf.function(lambda seed: draw((11, 200), seed), jit_compile=True)(seed)
    np.testing.assert_allclose(compiled, draw((11, 200), seed), rtol=1e-5, atol=1e-6)


def test_the_same_numbers_as_ever():
    """A hash in plain Python integers: results of studies must not change with TensorFlow's version."""

    def mix(x: int) -> int:
        for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
            x = (x ^ (x >> shift)) * factor % 2**32
        return x ^ (x >> 16)

    a = mix(3)
    b = mix(a ^ 9)
    expected = [(mix((mix(place ^ a) + b) % 2**32) >> 9) / 2**23 for place in range(50)]
    np.testing.assert_array_equal(uniform((50,), tf.constant([3, 9])), np.array(expected, np.float32))
