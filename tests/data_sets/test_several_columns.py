"""Data sets of several columns have the distribution that their formula says."""

import numpy as np
import pytest
from scipy import stats

from vaebench.data_sets.banana import Banana
from vaebench.data_sets.correlated import Correlated
from vaebench.data_sets.ring import Ring

ROWS = 20_000
ERROR = 5 / np.sqrt(ROWS)
"""Five standard errors of a mean of standardised rows, or of a correlation."""


def sample(data_set):
    rows = data_set.sample(ROWS, np.random.default_rng(0))
    assert rows.shape == (ROWS, len(data_set.columns))
    return rows


@pytest.mark.parametrize(("dimensions", "correlation"), [(2, 0.0), (5, 0.9)])
def test_correlated_columns_are_normal_and_so_are_their_principal_components(dimensions, correlation):
    rows = sample(Correlated(dimensions, correlation))
    found = np.corrcoef(rows, rowvar=False)[np.triu_indices(dimensions, 1)]
    np.testing.assert_allclose(found, correlation, atol=ERROR)
    shared = rows.sum(axis=1) / np.sqrt(dimensions)  # the first component; differences of columns are the others
    for values, variance in (
        (rows[:, 0], 1.0),
        (shared, 1 + (dimensions - 1) * correlation),
        (rows[:, 0] - rows[:, 1], 2 * (1 - correlation)),
    ):
        assert stats.kstest(values, stats.norm(0, np.sqrt(variance)).cdf).pvalue > 1e-3


def test_a_banana_is_normal_about_its_curve_and_uncorrelated():
    rows = sample(Banana(bend=2.0, noise=0.5))
    x, y = rows.T
    assert stats.kstest(x, stats.norm.cdf).pvalue > 1e-3
    assert stats.kstest(y - 2.0 * (x**2 - 1), stats.norm(0, 0.5).cdf).pvalue > 1e-3
    assert y.mean() == pytest.approx(0.0, abs=ERROR * y.std())
    assert y.var() == pytest.approx(2 * 2.0**2 + 0.5**2, rel=0.1)  # y has heavy tails, and its variance more so
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.0, abs=5 * np.sqrt(10) / np.sqrt(ROWS))  # E x^2 (x^2-1)^2 = 10


def test_a_ring_has_equal_normal_clusters_of_known_places():
    ring = Ring(clusters=5, width=0.05)
    rows = sample(ring)
    angles = 2 * np.pi * np.arange(5) / 5
    centres = np.column_stack([np.cos(angles), np.sin(angles)])
    apart = rows[:, None] - centres
    nearest = np.linalg.norm(apart, axis=2).argmin(axis=1)  # 11 standard deviations from the next cluster's border
    assert stats.chisquare(np.bincount(nearest, minlength=5)).pvalue > 1e-3
    about = apart[np.arange(ROWS), nearest] / 0.05
    for values in about.T:
        assert stats.kstest(values, stats.norm.cdf).pvalue > 1e-3
    np.testing.assert_allclose(rows.var(axis=0), 0.5 + 0.05**2, rtol=ERROR)
