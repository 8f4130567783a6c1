"""Copulas, the power-normal and SMOTE: known answers."""

import numpy as np
import pytest
from scipy import stats

from vaebench.baselines import Baseline
from vaebench.data_sets.correlated import Correlated
from vaebench.parts import load

N = 20_000
COPULAS = ("gaussian_copula", "beta_copula")


def drawn(name, train, n=N):
    return load(Baseline, name)().generate(train, n, np.random.default_rng(0), Correlated())


def lognormal(rows=2000, seed=0):
    """Return rows whose logarithms are normal, with correlation 0.8, mean (0, 1) and standard deviation (0.5, 1)."""
    z = np.random.default_rng(seed).multivariate_normal([0.0, 1.0], [[0.25, 0.4], [0.4, 1.0]], rows)
    return np.exp(z)


def logs(rows):
    return np.log(rows)


def zero_inflated(rows=1000):
    """Return an amount that is 0 in three of four rows, and a whole number that goes along with it."""
    random = np.random.default_rng(1)
    amount = np.where(random.permutation(rows) < 0.75 * rows, 0.0, random.exponential(20.0, rows))
    return np.column_stack([amount, random.poisson(3 + 2 * (amount > 0))])


# ---- copulas


@pytest.mark.parametrize("name", COPULAS)
def test_a_copula_recovers_correlation_and_margins(name):
    rows = drawn(name, lognormal())
    assert np.corrcoef(logs(rows), rowvar=False)[0, 1] == pytest.approx(0.8, abs=4 * 0.36 * (1 / np.sqrt(2000)))
    for values, law in zip(logs(rows).T, (stats.norm(0, 0.5), stats.norm(1, 1)), strict=True):
        ks = stats.kstest(values, law.cdf).statistic
        assert ks < stats.kstwo(2000).ppf(0.999), "as far off as 2,000 rows may be"


@pytest.mark.parametrize("name", COPULAS)
def test_a_copula_keeps_atoms_and_whole_numbers(name):
    train = zero_inflated()
    rows = drawn(name, train)
    assert (rows[:, 0] == 0).mean() == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / N))
    assert rows[:, 0].min() == 0
    assert not (rows[:, 1] % 1).any()
    shares = [(of[:, 1] == 3).mean() for of in (rows, train)]
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    positive = rows[rows[:, 0] > 0, 1].mean() - rows[rows[:, 0] == 0, 1].mean()
    assert positive > 1, "larger where there is an amount: by 2 in truth, and ties blur the copula"


def test_the_beta_copula_blurs_each_rank_as_far_as_a_fresh_row_would_be():
    """With equal ranks r in both columns, u and v are independent Beta(r, n + 1 - r), and u is uniform."""
    train = np.column_stack([np.arange(1.0, 51.0), 2.0 * np.arange(1.0, 51.0)]) + 1e-9
    rows = drawn("beta_copula", train)
    u, v = (stats.rankdata(column) / N for column in rows.T)
    n = 50
    r = np.arange(1, n + 1)
    correlation = 12 * (np.mean((r / (n + 1)) ** 2) - 0.25)
    assert np.corrcoef(u, v)[0, 1] == pytest.approx(correlation, abs=0.01)


def test_a_gaussian_copula_of_a_constant_column_leaves_it_and_the_others():
    train = np.column_stack([np.full(30, 7.0), np.random.default_rng(0).normal(size=30)])
    rows = drawn("gaussian_copula", train, 500)
    assert (rows[:, 0] == 7).all()
    assert rows[:, 1].std() == pytest.approx(train[:, 1].std(), rel=0.15)


# ---- the power-normal


def test_the_power_normal_of_lognormal_rows_is_nearly_lognormal():
    rows = drawn("power_normal", lognormal())
    assert rows.min() > 0
    assert np.corrcoef(logs(rows), rowvar=False)[0, 1] == pytest.approx(0.8, abs=0.04)
    for values, law in zip(logs(rows).T, (stats.norm(0, 0.5), stats.norm(1, 1)), strict=True):
        assert stats.kstest(values, law.cdf).statistic < 0.03


def test_the_power_normal_of_normal_rows_is_normal():
    train = np.random.default_rng(0).normal(-3, 2, (5000, 1))
    rows = drawn("power_normal", train)
    assert stats.kstest(rows[:, 0], stats.norm(-3, 2).cdf).statistic < 0.03


def test_the_power_normal_depends_on_no_units():
    """Years: raw numbers near 2000 would ask for powers that overflow."""
    train = np.random.default_rng(0).triangular(2000, 2020, 2020, (400, 1))
    years, centuries = drawn("power_normal", train), drawn("power_normal", train / 100)
    np.testing.assert_allclose(centuries * 100, years, rtol=1e-6)
    assert years.std() == pytest.approx(train.std(), rel=0.1)


@pytest.mark.filterwarnings("error")
def test_a_tail_that_explodes_stays_in_reach():
    """An inverse power of 1 / 0.05 and more: without a guard, values 10^3 times the largest come."""
    train = 1 / np.random.default_rng(0).gamma(0.7, size=(60, 1))
    rows = drawn("power_normal", train)
    assert rows.min() > 0
    assert rows.max() <= 2 * train.max()
    far = rows[rows[:, 0] > train.max()]
    assert len(np.unique(far)) == len(far), "drawn again, not clipped: a bound is no atom"


# ---- SMOTE


def test_smote_is_on_the_line_to_a_near_row():
    train = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [100.0, 50.0], [101.0, 51.0]])
    rows = drawn("smote", np.repeat(train, 1, axis=0), 5000)
    assert rows.min() >= 0
    line = np.abs(rows[:, 0] - rows[:, 1])
    near = (rows[:, 0] < 3) & (line < 1e-9)
    assert near.mean() > 0.2
    assert len(np.unique(rows, axis=0)) == 5000


def test_smote_of_clusters_of_more_rows_than_neighbours_fills_no_gap():
    random = np.random.default_rng(0)
    train = np.concatenate([random.normal(-50, 1, (30, 1)), random.normal(50, 1, (30, 1))])
    rows = drawn("smote", train)
    assert ((np.abs(rows) > 40) & (np.abs(rows) < 60)).all()
    assert rows.min() >= train.min()
    assert rows.max() <= train.max()
