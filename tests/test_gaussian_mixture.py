"""Gaussian mixtures: draws, and fits by BIC."""

import numpy as np
import pytest
from scipy.optimize import minimize

from vaebench.gaussian_mixture import GaussianMixture, fit_by_bic, fit_near


def test_draws_have_the_mixtures_moments():
    mixture = GaussianMixture(
        np.array([0.3, 0.7]),
        np.array([[0.0, 0.0], [4.0, -2.0]]),
        np.array([[[1.0, 0.0], [0.5, 2.0]], [[0.5, 0.0], [0.0, 0.5]]]),
    )
    rows = mixture.draw(200_000, np.random.default_rng(0))
    first = rows[:, 0] < 2.2  # about the middle: only the tails are on the wrong side
    assert first.mean() == pytest.approx(0.3, abs=0.01)
    mean = 0.7 * np.array([4.0, -2.0])
    within = 0.3 * np.array([[1.0, 0.5], [0.5, 4.25]]) + 0.7 * 0.25 * np.eye(2)
    between = 0.21 * np.outer([4.0, -2.0], [4.0, -2.0])
    assert rows.mean(axis=0) == pytest.approx(mean, abs=0.03)
    assert np.cov(rows, rowvar=False) == pytest.approx(within + between, rel=0.02)


def test_equal_rows_are_one_component_on_them():
    rows = fit_by_bic(np.full((20, 2), 7.0), 4, np.random.default_rng(0)).draw(100, np.random.default_rng(1))
    assert rows == pytest.approx(np.full((100, 2), 7.0), abs=0.01)


def components(rows, most=None):
    return len(fit_by_bic(rows, most, np.random.default_rng(0)).weights)


def test_without_a_limit_it_has_as_many_components_as_there_are_clusters():
    random = np.random.default_rng(0)
    centres = np.stack(np.meshgrid(range(5), range(5)), axis=-1).reshape(25, 2)
    rows = np.repeat(centres, 20, axis=0) + random.normal(0, 0.05, (500, 2))
    assert 24 <= components(rows) <= 26
    assert components(rows, 8) <= 8


def test_without_a_limit_few_components_are_those_of_a_search_up_to_eight():
    rows = np.concatenate([np.random.default_rng(1).normal(mean, 1, (50, 2)) for mean in (0, 6)])
    free, limited = (np.random.default_rng(0) for _ in range(2))
    np.testing.assert_array_equal(*(fit_by_bic(rows, most, r).draw(9, r) for most, r in ((None, free), (8, limited))))


def test_whole_numbers_do_not_get_a_component_each():
    """Each would have a likelihood that the ridge alone bounds. BIC would take 14 of them."""
    assert components(np.random.default_rng(0).poisson(10, (335, 1)).astype(float)) <= 8


def test_near_a_start_it_is_the_maximum_a_general_optimizer_finds():
    random = np.random.default_rng(0)
    x = np.concatenate([random.normal(0, 1, 60), random.normal(2.5, 0.7, 40)])

    def minus_log_likelihood(p):
        weights, stds = np.array([p[0], 1 - p[0]]), np.exp(p[3:])
        z = (x[:, None] - p[1:3]) / stds
        return -np.log((weights * np.exp(-(z**2) / 2) / stds).sum(axis=1)).sum()

    best = minimize(
        minus_log_likelihood, [0.6, 0, 2.5, 0, np.log(0.7)], method="Nelder-Mead", options={"maxiter": 9000}
    )
    found = fit_near(x[:, None], np.array([0.6, 0.4]), np.array([0.0, 2.5]), np.array([1.0, 0.7]))
    stds = found.factors[:, 0, 0]
    parameters = np.array([found.weights[0], *found.means[:, 0], *np.log(stds)])
    assert minus_log_likelihood(parameters) == pytest.approx(best.fun, abs=0.01)
    assert parameters == pytest.approx(best.x, abs=0.03)


def test_components_without_rows_are_refused():
    rows = np.array([[0.0], [1.0], [2.0], [500.0]])
    with pytest.raises(ValueError, match="fewer than two of 4 rows"):
        fit_near(rows, np.array([0.5, 0.5]), np.array([1.0, 500.0]), np.array([1.0, 1.0]))
