"""Metrics of several columns: closed forms within their sampling error, and what marginal metrics cannot see."""

import numpy as np
import pytest
from scipy.stats import norm

from vaebench.scoring.metrics.classifier import FEWEST_ROWS
from vaebench.scoring.metrics.coverage import NEIGHBOURS
from vaebench.scoring.metrics.distances import ks_distance
from vaebench.scoring.metrics.joint import correlation_error, joint_metrics, mmd, sliced_wasserstein


def correlated(rho, size, seed=0):
    """Return two standard normal columns with correlation rho."""
    rows = np.random.default_rng(seed).normal(size=(size, 2))
    rows[:, 1] = rho * rows[:, 0] + np.sqrt(1 - rho**2) * rows[:, 1]
    return rows


# ---- correlation


def test_correlations_of_exact_rows():
    crossed = np.array([[1.0, 1, 1], [1, -1, 1], [-1, 1, -1], [-1, -1, -1]])  # r = 0, 1, 0 (12, 13, 23)
    turned = crossed * [1, 1, -1]
    assert correlation_error(crossed, turned) == pytest.approx(2 / 3)
    assert correlation_error(crossed * [5, 1, 0.1] + [3, 2, 1], crossed) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rho", [0.8, -0.3])
def test_a_lost_correlation_is_the_error(rho):
    n = 50_000
    error = np.sqrt(((1 - rho**2) ** 2 + 1) / n)  # of Pearson's r between normals
    assert correlation_error(correlated(0, n, 1), correlated(rho, n)) == pytest.approx(abs(rho), abs=4 * error)


@pytest.mark.parametrize("rho", [0.5, 0.0, -0.8])
def test_a_column_without_spread_has_the_largest_error_there_is(rho):
    true = correlated(rho, 1000)
    worst = 1 + abs(np.corrcoef(true.T)[0, 1])
    assert correlation_error(np.full((10, 2), 0.1), true) == pytest.approx(worst)
    assert correlation_error(true * [1, 0] + 0.1, true) == pytest.approx(worst)
    assert correlation_error(np.full((10, 2), 1e12 + 0.1), true) == pytest.approx(worst)
    nearly = np.full((1000, 2), 0.1) + 1e-9 * np.random.default_rng(1).normal(size=(1000, 2))
    assert correlation_error(nearly, true) == pytest.approx(worst)
    opposite = true * [1, -1]
    assert correlation_error(opposite, true) <= worst


def test_of_three_columns_each_pair_counts():
    """One column without spread: two pairs of three are as wrong as can be."""
    true = np.random.default_rng(0).normal(size=(5000, 3))
    true[:, 1] = 0.6 * true[:, 0] + 0.8 * true[:, 1]
    r = np.corrcoef(true.T)
    found = correlation_error(true * [1, 1, 0], true)
    assert found == pytest.approx((0 + (1 + abs(r[0, 2])) + (1 + abs(r[1, 2]))) / 3)


def test_a_collapsed_generator_is_not_better_than_a_perfect_one_on_independent_columns():
    true, fresh = correlated(0.0, 15_000), correlated(0.0, 15_000, seed=1)
    assert correlation_error(fresh, true) < 0.05 < 1 < correlation_error(np.full((15_000, 2), 100.0), true)


# ---- sliced Wasserstein


def test_a_shift_by_one_is_the_mean_projection_of_a_unit_vector():
    """W1 of a shift m is |m t|; its mean over all directions of m in the plane is 2 / pi, whatever the t."""
    rows = np.random.default_rng(0).normal(size=(20, 2))
    angles = np.arange(720) * np.pi / 360
    found = [sliced_wasserstein(rows + shift, rows) for shift in np.stack([np.cos(angles), np.sin(angles)], axis=1)]
    assert np.mean(found) == pytest.approx(2 / np.pi, abs=1e-4)  # 720 points of a cosine: error (pi / 720)^2 / 3 each
    assert min(found) > 0.4  # and no direction is overlooked


def test_what_is_left_between_samples_of_one_law():
    """For normals E W1 = integral of E|F_a - F_b| = sqrt(4 / (pi n)) * integral of sqrt(F (1 - F))."""
    n, x = 500, np.linspace(-9, 9, 20_001)
    expected = np.sqrt(4 / (np.pi * n)) * np.sum(np.sqrt(norm.cdf(x) * norm.sf(x))) * (x[1] - x[0])
    found = [sliced_wasserstein(*np.random.default_rng(seed).normal(size=(2, n, 3))) for seed in range(20)]
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found, ddof=1) / np.sqrt(20))


# ---- MMD


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.0])
def test_mmd_of_shifted_normals(shift):
    """2 c (1 - exp(-|m|^2 / (2 (h^2 + 2)))), c = h^2 / (h^2 + 2) in the plane; h^2 = 4 ln 2, the median of |X - X'|^2.

    Its standard error is taken from 30 draws. At shift 0 the mean is 0 since the estimate is unbiased.
    """
    h2 = 4 * np.log(2)
    expected = 2 * h2 / (h2 + 2) * (1 - np.exp(-(shift**2) / (2 * (h2 + 2))))
    found = []
    for seed in range(30):
        random = np.random.default_rng(seed)
        found.append(mmd(random.normal(size=(300, 2)) + np.array([shift, 0]), random.normal(size=(300, 2))))
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found, ddof=1) / np.sqrt(30))
    assert (min(found) < 0) == (shift == 0)


def test_mmd_by_its_definition():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(5, 2)), random.normal(1, 1, size=(4, 2))

    def squares(x, y):
        return [[((row - other) ** 2).sum() for other in y] for row in x]

    between_b = [squares(b, b)[i][j] for i in range(4) for j in range(i)]
    kernels = [np.exp(-np.array(squares(x, y)) / (2 * np.median(between_b))) for x, y in ((a, a), (b, b), (a, b))]
    expected = (kernels[0].sum() - 5) / 20 + (kernels[1].sum() - 4) / 12 - 2 * kernels[2].mean()
    assert mmd(a, b) == pytest.approx(expected)


def test_the_bandwidth_of_many_equal_rows_is_that_of_the_others():
    true = np.zeros((100, 2))
    true[:10] = 1.0
    assert mmd(true, true) == pytest.approx(mmd(true * 7, true * 7))
    assert mmd(true, np.zeros((100, 2))) is None


# ---- all of them


def test_the_search_has_the_fast_ones():
    rows = correlated(0.5, 1000)
    assert joint_metrics(rows, rows, np.ones(2), "attainable").keys() == {"copula_error"}
    assert joint_metrics(rows, rows, np.ones(2), "search") == pytest.approx(
        {"copula_error": 0, "sliced_wasserstein": 0, "correlation_error": 0}
    )
    assert list(joint_metrics(rows, rows, np.ones(2), "confirm")) == [
        "copula_error",
        "sliced_wasserstein",
        "correlation_error",
        "mmd",
        "classifier",
        "density",
        "coverage",
    ]


def test_each_sees_that_columns_lost_their_relation():
    """Shuffling one column leaves every column's own distribution as it is."""
    true, fresh = correlated(0.8, 3000), correlated(0.8, 3000, seed=1)
    shuffled = fresh.copy()
    np.random.default_rng(2).shuffle(shuffled[:, 0])
    assert ks_distance(shuffled[:, 0], true[:, 0]) == ks_distance(fresh[:, 0], true[:, 0])
    wrong, right = (joint_metrics(rows, true, true.std(axis=0, ddof=1), "confirm") for rows in (shuffled, fresh))
    assert wrong["sliced_wasserstein"] > 3 * right["sliced_wasserstein"]
    assert wrong["correlation_error"] > 0.75 > 0.05 > right["correlation_error"]
    assert wrong["mmd"] > 5 * abs(right["mmd"])
    assert wrong["classifier"] > 0.65 > 0.54 > right["classifier"]


def test_they_do_not_depend_on_units():
    true, generated = correlated(0.8, 500), correlated(0.3, 600, seed=1)
    units = np.array([1.0, 1024.0])
    stds = true.std(axis=0, ddof=1)
    assert joint_metrics(generated * units, true * units, stds * units, "confirm") == pytest.approx(
        joint_metrics(generated, true, stds, "confirm")
    )


@pytest.mark.parametrize("generated", [np.full((10, 2), 0.1), np.full((10, 2), [1e150, -1e150]), np.zeros((2, 2))])
@pytest.mark.parametrize("true", [correlated(0.5, 2), correlated(0.5, 10), correlated(0.5, 50) * 1e-150])
def test_few_constant_and_far_rows_have_finite_figures(generated, true):
    found = joint_metrics(generated, true, true.std(axis=0, ddof=1), "confirm")
    # fewer rows than a classifier learns from
    assert set(found) - {"density", "coverage"} == {"copula_error", "sliced_wasserstein", "correlation_error", "mmd"}
    assert ("coverage" in found) == (min(len(generated), len(true)) > NEIGHBOURS)
    assert len(true) < FEWEST_ROWS
    assert np.isfinite(list(found.values())).all()
