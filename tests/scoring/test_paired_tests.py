"""Paired tests: what is told apart, and how often equal rows are."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, ttest_rel, wilcoxon

from vaebench.data_sets.distribution import Distribution
from vaebench.rows import MAIN_METRICS
from vaebench.scoring.baseline_scores import baseline
from vaebench.scoring.paired_tests import LEVEL, told_apart, worse
from vaebench.scoring.score import measure
from vaebench.study.replicate import Replicate

SCORE = st.floats(0.01, 100, allow_nan=False)
SCORES = st.lists(SCORE, min_size=1, max_size=40)


def apart(first, second):
    (told,) = told_apart([(first, second)])
    return told


# ---- one pair


def test_a_steady_difference_is_told_apart_from_six_pairs_on():
    best = np.linspace(1, 2, 12)
    for pairs in range(12 + 1):
        assert apart(best[:pairs] + 0.1 * best[:pairs] ** 2, best[:pairs]) is (pairs >= 6)


@settings(deadline=None)
@given(SCORES)
def test_a_row_is_not_told_from_itself(scores):
    assert not apart(scores, scores)


@settings(deadline=None)
@given(st.lists(st.integers(-100, 100).filter(bool), min_size=6, max_size=30, unique_by=abs))
def test_a_single_pair_has_the_paired_t_test(differences):
    expected = ttest_rel(differences, [0] * len(differences)).pvalue
    assert apart(differences, [0.0] * len(differences)) is bool(expected <= 0.05)


def test_equal_pairs_do_not_make_a_difference():
    best = [1.0] * 5 + [2.0] * 20
    row = [1.1] * 5 + [2.0] * 20  # five pairs differ
    assert not apart(row, best)


def test_what_is_told_apart_is_told_apart_as_it_is_ranked():
    best = np.ones(25)
    often_better = best - 0.05 + 0.001 * np.arange(25)
    often_better[:2] = 2.0
    assert np.mean(often_better) > np.mean(best)
    assert wilcoxon(often_better - best).pvalue < 0.05, "a test of ranks would call it better"
    assert not apart(often_better, best)


def test_scores_of_unequal_numbers_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        apart([1.0] * 7, [1.0] * 6)


# ---- many pairs


def test_nothing_to_tell_apart():
    assert told_apart([]) == []


@settings(deadline=None)
@given(st.lists(st.lists(SCORE, min_size=8, max_size=8), max_size=4, min_size=2), st.randoms())
def test_many_pairs_have_the_closed_test_whatever_their_order(rows, random):
    """Holm's procedure is the closure of Bonferroni's: told apart if every family with the pair has a small p-value."""
    pairs = list(combinations(rows, 2))
    p = [float(ttest_rel(*pair).pvalue) if np.count_nonzero(np.subtract(*pair)) >= 6 else 1.0 for pair in pairs]
    p = [1.0 if np.isnan(value) else value for value in p]
    families = [
        family for size in range(1, len(p) + 1) for family in combinations(range(len(p)), size)
    ]  # sets of pairs that may all be equal
    expected = [
        all(len(family) * min(p[i] for i in family) <= LEVEL for family in families if place in family)
        for place in range(len(p))
    ]
    assert told_apart(pairs) == expected
    shuffled = list(range(len(p)))
    random.shuffle(shuffled)
    assert told_apart([pairs[i] for i in shuffled]) == [expected[i] for i in shuffled]


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Return the scores of 11 copies of Gaussian maximum likelihood on 500 draws, shape (500, 11).

    They are fitted to the same rows and differ in the rows that they generate.
    """
    data_set = Distribution.parse({"name": "norm"}, tmp_path_factory.mktemp("none"))
    fitted, found = baseline("gaussian"), []
    for index in range(500):
        draw_of = Replicate(data_set, 100, 0.33, 2000, 2000, 0, "attainable", index)
        draw = draw_of.draw()
        for copy in range(11):
            rows = fitted.generate(draw.train, 2000, np.random.default_rng([index, copy]), data_set)
            metrics = measure(rows, draw, data_set, "attainable")
            found.append([metrics[name] for name in MAIN_METRICS])
    errors = np.array(found)
    return (errors / errors.mean(axis=0)).mean(axis=1).reshape(500, 11)


@pytest.mark.parametrize("draws", [6, 25, 50])
def test_ten_equal_copies_are_seldom_told_apart(copies, draws):
    """The first ten are trials, the last a baseline. Without Holm's procedure the best would be told from some row."""
    random, studies = np.random.default_rng(1), 300
    told, naive, better = 0, 0, 0
    for _ in range(studies):
        rows = copies[random.choice(500, draws, replace=False)].T
        pairs = [(i, j) for i, j in combinations(range(11), 2) if i < 10]
        found = told_apart([(rows[i], rows[j]) for i, j in pairs])
        best = rows[:10].mean(axis=1).argmin()
        told += any(found)
        better += found[pairs.index((int(best), 10))] and rows[best].mean() < rows[10].mean()
        naive += any(apart(rows[best], rows[j]) for j in range(11))
    most = binom(studies, LEVEL).ppf(0.999)
    assert told <= most
    assert better <= binom(studies, LEVEL / 2).ppf(0.999)
    assert naive > studies / 3 > most


def test_a_real_difference_is_told_apart_among_ten(copies):
    """Nine copies are worse by 25 %: on 50 draws the best is told from all of them, and from the baseline."""
    random, told = np.random.default_rng(2), []
    for _ in range(50):
        rows = copies[random.choice(500, 50, replace=False)].T * np.array([[1.0]] + [[1.25]] * 10)
        pairs = [(i, j) for i, j in combinations(range(11), 2) if i < 10]
        found = told_apart([(rows[i], rows[j]) for i, j in pairs])
        told.append([found[pairs.index((0, j))] for j in range(1, 11)])
    assert np.mean(told) > 0.8


# ---- worse


@pytest.mark.parametrize("pairs", range(1, 9))
def test_worse_on_every_pair_is_worse_from_as_many_on_as_the_level_needs(pairs):
    best = np.linspace(1, 2, pairs)
    for level in (1 / 16, 0.05, 0.01):
        assert worse(best + 0.1 * best**2, best, level) is (0.5**pairs <= level)
        assert not worse(best, best + 0.1 * best**2, level)


def test_an_equal_trial_is_seldom_worse():
    random = np.random.default_rng(5)
    found = [worse(random.normal(size=8), random.normal(size=8), 0.1) for _ in range(2000)]
    assert 0.07 < np.mean(found) < 0.115  # 0.098 of the 2^8 signs have a rank sum of p < 0.1; standard error 0.0066
