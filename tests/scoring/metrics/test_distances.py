"""Distances between two samples: scipy's numbers, and closed forms within their sampling error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import energy_distance as scipy_energy
from scipy.stats import ks_2samp, norm, wasserstein_distance

from vaebench.scoring.metrics.distances import energy_distance, ks_distance, wasserstein

FEW = st.lists(st.integers(-4, 4).map(float), min_size=3, max_size=30).map(np.array)
N = 200_000


def normals(mean, std):
    random = np.random.default_rng(1)
    return random.normal(size=N), random.normal(mean, std, size=N)


@settings(deadline=None)
@given(FEW, FEW)
def test_ties_and_unequal_sizes_are_as_scipy_has_them(a, b):
    assert ks_distance(a, b) == ks_2samp(a, b, method="asymp").statistic
    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(a, b), abs=1e-12)
    assert energy_distance(a, b) == pytest.approx(scipy_energy(a, b) ** 2, abs=1e-12)


@pytest.mark.parametrize("size", [700, 1900])
def test_samples_without_ties_are_as_scipy_has_them(size):
    random = np.random.default_rng(0)
    a, b = random.normal(size=size), random.normal(0.3, 1.2, size=1900)
    assert ks_distance(a, b) == ks_2samp(a, b, method="asymp").statistic
    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(a, b), rel=1e-12)


@pytest.mark.parametrize("size", [50, 70])
def test_many_pairs_of_samples_at_once(size):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(3, 50)), random.normal(1, 2, size=(3, size))
    before = a.copy(), b.copy()
    assert wasserstein(a, b) == pytest.approx(
        [wasserstein_distance(generated, other) for generated, other in zip(a, b, strict=True)]
    )
    np.testing.assert_array_equal(np.concatenate([a, b], axis=1), np.concatenate(before, axis=1))


@pytest.mark.parametrize("shift", [0.1, 0.5, 2.0])
def test_ks_of_a_shifted_normal(shift):
    assert ks_distance(*normals(shift, 1)) == pytest.approx(2 * norm.cdf(shift / 2) - 1, abs=0.006)


@pytest.mark.parametrize("shift", [0.5, -2.0])
def test_wasserstein_of_a_shifted_normal_is_the_shift(shift):
    """It is the difference of the means wherever the quantiles do not cross: standard error sqrt(2 / n)."""
    assert wasserstein(*normals(shift, 1)) == pytest.approx(abs(shift), abs=4 * np.sqrt(2 / N))


@pytest.mark.parametrize("scale", [0.5, 0.8, 2.0])
def test_wasserstein_of_a_scaled_normal(scale):
    """E|1 - s| |Z|: it is the difference of the mean absolute values, each with variance s^2 (1 - 2 / pi) / n."""
    error = np.sqrt((1 + scale**2) * (1 - 2 / np.pi) / N)
    assert wasserstein(*normals(0, scale)) == pytest.approx(abs(1 - scale) * np.sqrt(2 / np.pi), abs=4 * error)


def mean_distance(t):
    """Return E|t - Z|, Z ~ N(0, 1)."""
    return 2 * norm.pdf(t) + t * (2 * norm.cdf(t) - 1)


@pytest.mark.parametrize("shift", [0.5, 1.0, 3.0])
def test_energy_distance_of_a_shifted_normal(shift):
    """2 E|N(m, 2)| - 2 E|N(0, 2)|; the standard error is that of its influence function, for each of the samples."""
    root = np.sqrt(2.0)
    expected = 2 * root * (mean_distance(shift / root) - mean_distance(0.0))
    a, b = normals(shift, 1)
    error = np.std(2 * (mean_distance(a - shift) - mean_distance(a))) * np.sqrt(2 / N)
    assert energy_distance(a, b) == pytest.approx(expected, abs=4 * error)


def test_energy_distance_of_two_points_is_twice_their_distance():
    assert energy_distance(np.zeros(3), np.full(2, 5.0)) == pytest.approx(10)
