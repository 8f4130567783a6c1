"""Baselines on tables with categories and empty cells: known answers, and the contract that all keep."""

import numpy as np
import pytest
from scipy import stats

from vaebench.baselines import Baseline
from vaebench.baselines._latent_normals import LatentNormals
from vaebench.data_sets.distribution import Distribution
from vaebench.parts import load, modules
from vaebench.rows import Draw, Support
from vaebench.scoring.baseline_scores import generated_rows
from vaebench.scoring.metrics.association import correlation_ratio, cramers_v
from vaebench.scoring.metrics.distances import total_variation

EMPTY = np.nan
N = 20_000
NAMES = sorted({*modules(Baseline)} - {"true_family"})
KINDS = ("number", "category", "number", "category")


def drawn(name, train, kinds, n=N, **support):
    draw = Draw(train, train, train, train, Support(kinds=kinds, **support))
    return generated_rows(load(Baseline, name)(), draw, n, np.random.default_rng(0), Distribution("norm"))


def table(rows=200, seed=0):
    """Return a whole number with gaps, a rare level, a number that goes along with both, and a yes or no with gaps."""
    random = np.random.default_rng(seed)
    yes = random.random(rows) < 0.4
    count = np.where(random.random(rows) < 0.1 + 0.4 * yes, EMPTY, random.poisson(4 + 3 * yes))
    level = random.choice([0, 1, 2, 5], p=[0.6, 0.3, 0.09, 0.01], size=rows).astype(float)
    level[0] = 5
    return np.column_stack([count, level, level + yes + random.normal(size=rows), np.where(level == 2, EMPTY, yes)])


@pytest.mark.parametrize("name", NAMES)
def test_every_baseline_keeps_kinds_gaps_and_whole_numbers(name):
    train = table(60 if name == "gmm" else 200)  # EM takes seconds on more
    copy = train.copy()
    rows = drawn(name, train, KINDS, 2000, learned=True)
    assert np.array_equal(train, copy, equal_nan=True)
    assert np.array_equal(rows, drawn(name, train, KINDS, 2000, learned=True), equal_nan=True)
    assert rows.shape == (2000, 4)
    assert {*rows[:, 1]} <= {0, 1, 2, 5}, "no level that there is not, however rare, and no gap where there is none"
    assert not np.isnan(rows[:, 2]).any()
    assert {*rows[~np.isnan(rows[:, 3]), 3]} == {0, 1}
    assert not (rows[~np.isnan(rows[:, 0]), 0] % 1).any()
    for column in (0, 3):
        gaps, known = np.isnan(rows[:, column]).mean(), np.isnan(train[:, column]).mean()
        assert gaps == pytest.approx(known, abs=0.1), "20,000 of 200 rows, blurred by some"


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_categories_alone_and_one_of_few_rows(name):
    for train in (table()[:, [1, 3]], table(6)[:, [1, 3]]):
        rows = drawn(name, train, ("category", "category"), 500)
        assert {*rows[:, 0]} <= {*train[:, 0]}


@pytest.mark.parametrize("name", ["gaussian", "gaussian_copula", "ppca", "bootstrap"])
def test_a_threshold_of_a_normal_is_recovered(name):
    """Of correlation r and a cut in the middle: y's mean on either side is r sqrt(2 / pi)."""
    r = 0.7
    x, y = np.random.default_rng(1).multivariate_normal([0, 0], [[1, r], [r, 1]], 3000).T
    rows = drawn(name, np.column_stack([x > 0, y]), ("category", "number"))
    assert rows[:, 0].mean() == pytest.approx(0.5, abs=0.04)
    for side, sign in ((0, -1), (1, 1)):
        assert rows[rows[:, 0] == side, 1].mean() == pytest.approx(sign * r * np.sqrt(2 / np.pi), abs=0.05)


@pytest.mark.parametrize("name", ["gaussian", "gaussian_copula"])
def test_levels_have_no_order(name):
    """Of three levels the one in the middle by number is far out by y: a line through the codes has no slope."""
    random = np.random.default_rng(2)
    level = random.integers(3, size=3000)
    train = np.column_stack([level, np.array([0.0, 2.0, 0.0])[level] + random.normal(size=len(level))])
    assert correlation_ratio(*drawn(name, train, ("category", "number")).T) > 0.9 * correlation_ratio(*train.T) > 0.5


@pytest.mark.parametrize("name", ["gaussian", "gaussian_copula", "bootstrap", "smote"])
def test_gaps_go_along_with_what_they_went_along_with(name):
    random = np.random.default_rng(3)
    x, y = random.normal(size=(2, 3000))
    train = np.column_stack([x, np.where(x + random.normal(size=3000) > 1, EMPTY, x + y)])
    rows = drawn(name, train, ("number", "number"))
    for of in (rows, train):
        gaps = np.isnan(of[:, 1])
        assert gaps.mean() == pytest.approx(stats.norm.sf(1 / np.sqrt(2)), abs=0.03)
        apart = (
            stats.norm.pdf(1 / np.sqrt(2))
            / np.sqrt(2)
            / (stats.norm.sf(1 / np.sqrt(2)) * stats.norm.cdf(1 / np.sqrt(2)))
        )
        assert of[gaps, 0].mean() - of[~gaps, 0].mean() == pytest.approx(apart, abs=0.1)
        assert np.corrcoef(of[~gaps].T)[0, 1] == pytest.approx(
            np.corrcoef(train[~np.isnan(train[:, 1])].T)[0, 1], abs=0.05
        )


def test_rows_are_what_stands_for_them():
    train = table(300, 4)
    latent = LatentNormals.fit(train, KINDS, np.random.default_rng(0))
    assert np.isfinite(latent.rows).all()
    assert latent.rows.shape == (300, 1 + 3 + 2 + 2), "a gap, of 4 levels 3, of 3 with the gap 2, and 2 numbers"
    assert np.array_equal(latent.undo(latent.rows, np.random.default_rng(0)), train, equal_nan=True)
    assert latent.rows[:, :6].std(axis=0) == pytest.approx(np.ones(6))
    assert {*latent.rows[:, 6]} <= {*train[~np.isnan(train[:, 0]), 0]}, "whole numbers stay whole"


def test_many_levels_are_asked_for_in_part_and_keep_their_shares():
    random = np.random.default_rng(5)
    level = random.geometric(0.1, size=2000).astype(float)
    rows = drawn("gaussian", level[:, None], ("category",))
    assert {*rows[:, 0]} == {*level}
    shares = [np.bincount(of.ravel().astype(int), minlength=200) / len(of) for of in (rows, level)]
    assert np.abs(shares[0] - shares[1]).sum() / 2 < 0.03


def test_columns_without_a_cell_or_with_one_value_only():
    train = np.column_stack([np.full(50, EMPTY), np.full(50, EMPTY), np.full(50, 3.0), np.arange(50.0)])
    for name in ("bootstrap", "gaussian", "gaussian_copula", "smote", "uniform"):
        rows = drawn(name, train, ("number", "category", "category", "number"), 100)
        assert np.isnan(rows[:, :2]).all()
        assert (rows[:, 2] == 3).all()
        assert np.isfinite(rows[:, 3]).all()


def test_uniform_knows_levels_and_ends_alone():
    rows = drawn("uniform", table(2000), KINDS)
    assert [(rows[:, 1] == level).mean() for level in (0, 1, 2, 5)] == pytest.approx([0.25] * 4, abs=0.02)
    assert cramers_v(rows[:, 1], (rows[:, 2] > 1).astype(float)) < 0.03


def test_independent_columns_keep_all_of_each_column_and_nothing_between():
    train = table(2000)
    rows = drawn("independent", train, KINDS, learned=True)
    assert total_variation(rows[:, 1], train[:, 1]) < 0.02
    for column in (0, 2, 3):
        gaps = [np.isnan(of[:, column]).mean() for of in (rows, train)]
        assert gaps[0] == pytest.approx(gaps[1], abs=0.02)
    both = ~np.isnan(rows[:, 3])
    assert cramers_v(rows[both, 1], rows[both, 3]) < 0.03
    assert correlation_ratio(rows[:, 1], rows[:, 2]) < 0.03 < 0.5 < correlation_ratio(train[:, 1], train[:, 2])
    numbers = load(Baseline, "independent")().generate(train[:, [2, 2]], N, np.random.default_rng(0), None)
    assert abs(np.corrcoef(numbers.T)[0, 1]) < 4 / np.sqrt(N)
    assert stats.ks_2samp(numbers[:, 0], train[:, 2]).statistic < 0.02


def test_smote_takes_the_level_of_most_neighbours_and_blends_numbers():
    clusters = np.repeat([[0.0, 0], [100, 1]], 10, axis=0) + np.column_stack([np.arange(20.0) % 10, np.zeros(20)])
    rows = drawn("smote", clusters, ("number", "category"), 1000)
    assert ((rows[:, 0] > 50) == (rows[:, 1] == 1)).all()
    assert (rows[:, 0] % 1 > 0).mean() > 0.9
