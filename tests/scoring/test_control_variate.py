"""A score less the luck of its draws: what is taken off, and how often the interval holds."""

import numpy as np
import pytest
from scipy.stats import binom, linregress

from vaebench.scoring.control_variate import controlled
from vaebench.scoring.intervals import interval


def drawn(seed, draws=50, slope=0.9, own=0.1):
    """Return scores whose expectation is 1.2, and a baseline's on the same draws, whose expectation is 1."""
    random = np.random.default_rng(seed)
    luck = random.gamma(4.0, size=draws) / 4 - 1
    return 1.2 + slope * luck + own * random.normal(size=draws), 1 + luck


def test_each_draw_is_corrected_by_the_slope_over_all_others():
    scores, beside = drawn(0, 12)
    y = []
    for i in range(12):
        others = np.arange(12) != i
        y.append(scores[i] - linregress(beside[others], scores[others]).slope * (beside[i] - 1))
    found = controlled(scores, beside, 0.0, 1)
    assert found.mean == pytest.approx(np.mean(y))
    half = 2.2009852 * np.std(y, ddof=1) / np.sqrt(12)  # Student's t with 11 degrees of freedom
    assert (found.low, found.high) == (pytest.approx(found.mean - half), pytest.approx(found.mean + half))


def test_luck_that_is_all_shared_goes_and_leaves_the_error_of_the_expectation():
    scores, beside = drawn(1, own=0.0)
    found = controlled(scores, beside, 0.01, 1)
    assert found.mean == pytest.approx(1.2)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * 0.9 * 0.01)


def test_without_shared_luck_or_with_few_draws_nothing_is_gained():
    scores, _ = drawn(2)
    found = controlled(scores, np.ones(50), 0.01, 1)
    assert found.mean == pytest.approx(scores.mean())
    assert controlled(scores[:9], scores[:9], 0.01, 1) is None


def test_it_holds_as_often_as_it_says_is_narrower_and_has_no_bias():
    studies = 400
    found = [controlled(*drawn(seed, 25), 0.0, 1) for seed in range(studies)]
    plain = [interval(drawn(seed, 25)[0]) for seed in range(studies)]
    missed = sum(not one.low <= 1.2 <= one.high for one in found)
    assert missed <= binom.isf(1e-4, studies, 0.05)
    assert np.mean([one.high - one.low for one in found]) < 0.5 * np.mean([high - low for low, high in plain])
    means = np.array([one.mean for one in found])
    assert abs(means.mean() - 1.2) < 4 * means.std(ddof=1) / np.sqrt(studies)


def test_among_several_it_holds_for_the_luckiest_as_well():
    studies, missed = 300, 0
    for seed in range(studies):
        random = np.random.default_rng(seed)
        luck = random.normal(size=25)
        rows = 1.2 + 0.5 * luck + 0.2 * random.normal(size=(10, 25))
        best = controlled(rows[rows.mean(axis=1).argmin()], 1 + 0.5 * luck, 0.0, 10)
        missed += not best.low <= 1.2 <= best.high
    assert missed <= binom.isf(1e-4, studies, 0.05)
