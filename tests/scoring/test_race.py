"""The race of the confirmed trials: who gets no more draws, whatever happens later, and how often it is the best."""

from collections.abc import Sequence

import numpy as np
import pytest
from hand_made import ATTAINABLE, trial
from numpy.typing import NDArray
from scipy.stats import binom, ttest_rel

from vaebench.scoring.race import ERROR, Elimination, race
from vaebench.study.records import TrialRecord

LUCK = 0.3 * np.random.default_rng(0).random(80)


def trials(scores: Sequence[Sequence[float | None]] | NDArray[np.float64]) -> list[TrialRecord]:
    return [trial(number, [1.0], list(each)) for number, each in enumerate(scores)]


def simulated(seed: int, draws: int, worse: Sequence[float]) -> NDArray[np.float64]:
    """Return scores that share the luck of the draws: of the second row on, worse by so much on average."""
    random = np.random.default_rng(seed)
    own = 0.2 * random.gamma(2.0, size=(len(worse), draws))
    return 1 + 0.5 * random.random(draws) + own + np.array(worse)[:, None]


def test_a_look_after_10_20_40_draws_tests_each_that_is_left_against_the_best() -> None:
    scores = simulated(4, 50, [0.0, 0.02, 0.15, 0.3, 0.5, 3.0])
    left, expected = set(range(6)), {}
    for draws, level in ((10, ERROR / 2 / 5), (20, ERROR / 4 / 5), (40, ERROR / 8 / 5)):
        means = scores[:, :draws].mean(axis=1)
        best = min(left, key=lambda number: means[number])
        for number in left - {best}:
            if ttest_rel(scores[number, :draws], scores[best, :draws], alternative="greater").pvalue <= level:
                expected[number] = (draws, best)
        left -= set(expected)
    found = race(trials(scores), ATTAINABLE)
    assert {number: (of.draws, of.best) for number, of in found.items()} == expected
    assert {of.draws for of in found.values()} == {10, 20, 40}, "the example has all looks"
    assert found[5].means == pytest.approx((scores[5, :10].mean(), scores[0, :10].mean()))


@pytest.mark.parametrize("draws", [9, 10, 19, 25, 40, 79])
def test_what_is_decided_stays_decided_whatever_draws_are_added(draws: int) -> None:
    scores = simulated(1, 80, [0.0, 0.0, 0.15, 0.2, 0.4, 1.0])
    whole, begun = (race(trials(scores[:, :some]), ATTAINABLE) for some in (80, draws))
    assert begun == {number: of for number, of in whole.items() if of.draws <= draws}


def test_those_that_are_out_need_no_further_draws() -> None:
    scores = simulated(1, 80, [0.0, 0.0, 0.15, 0.2, 0.4, 1.0])
    whole = race(trials(scores), ATTAINABLE)
    short = [scores[number, : whole[number].draws if number in whole else 80] for number in range(6)]
    assert race(trials(short), ATTAINABLE) == whole


def test_nobody_is_compared_before_all_have_the_draws() -> None:
    good, poor = (1 + LUCK).tolist(), (2 + 1.1 * LUCK).tolist()
    assert race(trials([good[:10], poor[:9]]), ATTAINABLE) == {}
    assert race(trials([good[:10], poor[:10]]), ATTAINABLE).keys() == {1}
    assert race(trials([poor]), ATTAINABLE) == race([], ATTAINABLE) == {}


def test_a_trial_that_failed_eliminates_nobody() -> None:
    good, poor = (1 + LUCK[:20]).tolist(), (2 + 1.1 * LUCK[:20]).tolist()
    assert race(trials([good, poor]), ATTAINABLE).keys() == {1}
    assert race(trials([[*good[:15], None, *good[16:]], poor]), ATTAINABLE) == {}


def test_equal_trials_and_copies_stay() -> None:
    same = (1 + LUCK[:40]).tolist()
    assert race(trials([same, same, same]), ATTAINABLE) == {}


def test_a_steady_difference_is_plain() -> None:
    same = 1 + LUCK[:10]
    found = race(trials([same.tolist(), (same + 0.5).tolist()]), ATTAINABLE)
    means = pytest.approx((float(same.mean()) + 0.5, float(same.mean())))
    assert found == {1: Elimination(10, 0, means)}  # type: ignore[arg-type]


def test_the_best_is_rarely_eliminated() -> None:
    """Of six equal trials any is the best. At the nominal 5 % more than this many losses have a probability of 1e-4."""
    races = 300
    lost = sum(len(race(trials(simulated(seed, 40, [0.0] * 6)), ATTAINABLE)) for seed in range(races))
    assert lost <= binom.isf(1e-4, 6 * races, ERROR)
