"""The distribution of a column by its ranks: known answers, and both of its forms at the same levels."""

import numpy as np
import pytest
from scipy import stats

from vaebench.margins import MOST, NormalScores, Quantiles

N = 20_000


def test_quantiles_interpolate_in_the_middle_of_each_rows_share():
    quantiles = Quantiles.fit(np.array([0.125, 1.0625, 5.03125, 0.515625]) + 1e-9)  # so that it has no decimals
    middles = quantiles.at(np.array([0.125, 0.375, 0.625, 0.875]))
    np.testing.assert_allclose(middles, [0.125, 0.515625, 1.0625, 5.03125], rtol=1e-6)
    assert quantiles.at(np.array([0.5])) == pytest.approx((0.515625 + 1.0625) / 2)
    assert quantiles.at(np.array([1.0])) == pytest.approx(5.03125 + (5.03125 - 1.0625) / 2), "half the next gap"
    assert quantiles.at(np.array([0.0])) == 0.0, "0.125 - 0.195 would have another sign"


def test_quantiles_have_the_distribution_that_many_rows_show():
    quantiles = Quantiles.fit(np.random.default_rng(0).exponential(size=100_000))
    found = quantiles.at(np.random.default_rng(1).random(N))
    assert stats.kstest(found, stats.expon.cdf).pvalue > 1e-3
    assert found.min() >= 0


def test_quantiles_of_few_rows_have_their_spread():
    """Its variance is that of the rows with divisor n, less a sixth of the mean squared gap between neighbours."""
    column = np.random.default_rng(3).normal(size=67)
    found = Quantiles.fit(column).at((np.arange(N) + 0.5) / N)
    assert found.std() == pytest.approx(column.std(), rel=0.01)
    assert found.mean() == pytest.approx(column.mean(), abs=0.02)


def test_an_atom_keeps_its_share_exactly_and_nothing_comes_near_it_from_the_wrong_side():
    quantiles = Quantiles.fit(np.concatenate([np.zeros(30), np.random.default_rng(0).exponential(size=10) + 1e-9]))
    found = quantiles.at((np.arange(40_000) + 0.5) / 40_000)
    assert (found == 0).mean() == 0.75
    assert found.min() == 0
    assert len(np.unique(found[found > 0])) > 9000, "the rest is no atom"


@pytest.mark.parametrize("unit", [1.0, 0.01])
def test_a_column_keeps_its_decimals(unit):
    column = np.round(np.random.default_rng(0).gamma(3, 20, 50)) * unit
    column = np.round(column, 2)
    found = Quantiles.fit(column).at(np.random.default_rng(1).random(1000))
    np.testing.assert_array_equal(found, np.round(found, 0 if unit == 1 else 2))
    assert len(np.setdiff1d(found, column)), "numbers between those of the rows come, too"


def test_normal_scores_and_quantiles_are_the_same_at_each_value():
    x = np.repeat(np.random.default_rng(2).exponential(size=20), [1, 3, 1, 1, 7] * 4)
    plain, atoms = NormalScores.fit(x), NormalScores.with_atoms(x)
    for scores, values in ((plain.scores[:, None], plain.values), (atoms.scores.reshape(-1, 2), atoms.values[::2])):
        level = stats.norm.cdf(scores).mean(axis=1)
        np.testing.assert_allclose(Quantiles.fit(x).at(level), values, rtol=1e-9)
    assert (np.diff(atoms.scores) >= 0).all()
    assert len(NormalScores.fit(np.arange(3.0 * MOST)).scores) == MOST
