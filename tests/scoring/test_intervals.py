"""Bootstrap intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm, t

from vaebench.scoring.intervals import interval

SCORE = st.floats(0.01, 100, allow_nan=False)
SCORES = st.lists(SCORE, min_size=1, max_size=40)


@pytest.mark.parametrize("values", [[], [1.5]])
def test_one_replicate_has_no_interval(values):
    assert all(math.isnan(end) for end in interval(values))


def test_interval_is_scipys_percentile_bootstrap_at_the_expanded_level():
    values = np.random.default_rng(0).gamma(2, size=25)
    level = 1 - 2 * norm.cdf(-np.sqrt(25 / 24) * t.ppf(0.975, 24))  # 0.965
    expected = bootstrap(
        (values,), np.mean, method="percentile", confidence_level=level, n_resamples=50_000, rng=1
    ).confidence_interval
    width = expected.high - expected.low
    assert interval(values) == pytest.approx(expected, abs=0.05 * width)


def test_coverage_on_normals():
    random = np.random.default_rng(4)
    ends = np.array([interval(random.normal(7, 3, size=25)) for _ in range(1000)])
    coverage = np.mean((ends[:, 0] <= 7) & (ends[:, 1] >= 7))
    assert 0.92 < coverage < 0.97  # 0.945 expected, its standard error is 0.007


@settings(deadline=None)
@given(SCORES.filter(lambda values: len(values) > 1))
def test_interval_lies_within_the_values_and_is_fixed(values):
    low, high = interval(values)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert (low, high) == interval(values)
