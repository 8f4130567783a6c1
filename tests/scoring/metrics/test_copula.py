"""The distance of two copulas: closed forms, and what correlations cannot see."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from vaebench.data_sets.banana import Banana
from vaebench.scoring.metrics import pairs as all_pairs
from vaebench.scoring.metrics.copula import copula_error
from vaebench.scoring.metrics.joint import correlation_error

ROWS = 20_000
LEVELS = np.arange(1, 16) / 16
ERROR = 0.5 * np.sqrt(2 / ROWS)
"""An upper bound of the standard deviation of a difference of two empirical copulas."""


def normal(rho, seed=0, rows=ROWS):
    return np.random.default_rng(seed).multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]], rows)


def gaussian_copula(rho):
    u, v = np.meshgrid(norm.ppf(LEVELS), norm.ppf(LEVELS))
    return multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]]).cdf(np.stack([u, v], axis=-1))


def root_mean_square(values):
    return np.sqrt(np.mean(values**2))


def test_of_equal_columns_against_independent_ones():
    """min(u, v) against u v."""
    x = np.random.default_rng(0).normal(size=(ROWS, 1))
    expected = root_mean_square(np.minimum.outer(LEVELS, LEVELS) - np.outer(LEVELS, LEVELS))
    assert copula_error(np.hstack([x, x]), normal(0.0, 1)) == pytest.approx(expected, abs=3 * ERROR)


@pytest.mark.parametrize(("rho", "other"), [(0.8, 0.9), (0.8, 0.0), (-0.5, 0.5)])
def test_of_two_normals_it_is_that_of_their_copulas(rho, other):
    expected = root_mean_square(gaussian_copula(rho) - gaussian_copula(other))
    assert copula_error(normal(rho), normal(other, 1)) == pytest.approx(expected, abs=3 * ERROR)


def test_it_does_not_see_what_increasing_functions_do_to_a_column():
    a, b = normal(0.8), normal(0.3, 1)
    bent = np.column_stack([np.exp(3 * a[:, 0]), 5 - 2 * a[:, 1] ** 3])
    turned = np.column_stack([b[:, 0], -b[:, 1]])
    assert copula_error(bent, turned) == pytest.approx(copula_error(a * [1, -1], turned))
    assert copula_error(a, a * [10, 0.1] + 7) == 0


def test_it_sees_a_banana_which_correlations_do_not():
    rows, fresh = (Banana().sample(ROWS, np.random.default_rng(seed)) for seed in (0, 1))
    random = np.random.default_rng(2)
    independent = np.column_stack([random.permutation(column) for column in rows.T])
    assert copula_error(independent, rows) > 0.03 > 5 * copula_error(fresh, rows)
    assert correlation_error(independent, rows) < 0.05


def test_a_generator_without_spread_is_far_from_independent_columns():
    true = normal(0.0)
    assert copula_error(np.full((ROWS, 2), 0.1), true) > 20 * copula_error(normal(0.0, 1), true)
    constant = np.column_stack([np.full(ROWS, 0.1), true[:, 1]])
    assert copula_error(constant, true) > 10 * copula_error(normal(0.0, 1), true)


def test_pairs_are_averaged_and_of_many_some_stand_for_all(monkeypatch):
    a, b = (np.random.default_rng(seed).normal(size=(500, 8)) for seed in (0, 1))
    each = [copula_error(a[:, [i, j]], b[:, [i, j]]) for i in range(8) for j in range(i + 1, 8)]
    assert copula_error(a, b) == pytest.approx(np.mean(each))
    monkeypatch.setattr(all_pairs, "PAIRS", 20)
    some = copula_error(a, b)
    assert some == copula_error(a, b)
    assert some != np.mean(each)
    assert some == pytest.approx(np.mean(each), abs=4 * np.std(each) / np.sqrt(20))


def test_equal_values_count_alike_wherever_they_stand():
    rows = np.random.default_rng(0).poisson(2.0, (1000, 2)).astype(float)
    assert copula_error(rows, np.random.default_rng(1).permutation(rows)) == pytest.approx(0, abs=1e-12)
