"""Bootstrap intervals, and the paired tests."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm, t, ttest_rel, wilcoxon

from vaebench.scoring.intervals import interval, plainly_worse, tied

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


def test_a_steady_difference_is_told_apart_from_six_pairs_on():
    best = np.linspace(1, 2, 12)
    for pairs in range(12 + 1):
        assert tied(best[:pairs] + 0.1 * best[:pairs] ** 2, best[:pairs]) is (None if pairs < 6 else False)


@settings(deadline=None)
@given(SCORES)
def test_a_row_is_tied_with_itself(scores):
    assert tied(scores, scores) is (True if len(scores) >= 6 else None)


@settings(deadline=None)
@given(st.lists(st.tuples(SCORE, SCORE), max_size=30), st.randoms())
def test_tied_is_symmetric_and_blind_to_the_order_of_replicates(pairs, random):
    a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = tied(a, b)
    assert tied(b, a) is found
    random.shuffle(pairs)
    assert tied([pair[0] for pair in pairs], [pair[1] for pair in pairs]) is found
    assert (found is None) is (len(pairs) < 6)


@settings(deadline=None)
@given(st.lists(st.integers(-100, 100).filter(bool), min_size=6, max_size=30, unique_by=abs))
def test_tied_is_the_paired_t_test(differences):
    expected = ttest_rel(differences, [0] * len(differences)).pvalue
    assert tied(differences, [0.0] * len(differences)) is bool(expected > 0.05)


def test_equal_pairs_do_not_make_a_difference():
    best = [1.0] * 5 + [2.0] * 20
    row = [1.1] * 5 + [2.0] * 20  # five pairs differ
    assert tied(row, best)


def test_what_is_told_apart_is_told_apart_as_it_is_ranked():
    best = np.ones(25)
    often_better = best - 0.05 + 0.001 * np.arange(25)
    often_better[:2] = 2.0
    assert np.mean(often_better) > np.mean(best)
    assert wilcoxon(often_better - best).pvalue < 0.05, "a test of ranks would call it better"
    assert tied(often_better, best)


def test_false_alarms_are_five_in_a_hundred():
    random = np.random.default_rng(9)
    told_apart = np.mean([not tied(*random.normal(size=(2, 25))) for _ in range(1000)])
    assert 0.02 < told_apart < 0.08


def test_scores_of_unequal_numbers_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        tied([1.0] * 7, [1.0] * 6)


@pytest.mark.parametrize("pairs", range(1, 9))
def test_worse_on_every_pair_is_plain_from_four_on(pairs):
    best = np.linspace(1, 2, pairs)
    assert plainly_worse(best + 0.1 * best**2, best) is (pairs >= 4)
    assert not plainly_worse(best, best + 0.1 * best**2)


def test_an_equal_trial_is_seldom_plainly_worse():
    random = np.random.default_rng(5)
    found = [plainly_worse(random.normal(size=8), random.normal(size=8)) for _ in range(2000)]
    assert 0.07 < np.mean(found) < 0.115  # 0.098 of the 2^8 signs have a rank sum of p < 0.1; standard error 0.0066
