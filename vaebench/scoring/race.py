"""The race of the confirmed trials: those that are plainly worse than the best on the same draws get no more of them.

Looks happen after FIRST draws, twice, four times, ... as many, whatever their number in the end. So the outcome is a
function of the scores alone: neither workers, nor an end and a resumption, nor draws added later change it. See Maron
and Moore, "Hoeffding races", NIPS 1993; paired: Moore and Lee, ICML 1994.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from vaebench.scoring.paired_tests import higher
from vaebench.scoring.score import score
from vaebench.study.records import Attainable, TrialRecord

ERROR = 0.05
"""Largest probability, over all looks, that the truly best trial is eliminated."""
FIRST = 10
"""Draws before the first look: those of the diagnoses, which eliminated trials have, too."""


@dataclass(frozen=True)
class Elimination:
    """Why a trial gets no more draws."""

    draws: int
    """The draws that it was compared on, the first ones."""
    best: int
    """The number of the trial that is best on these."""
    means: tuple[float, float]
    """The mean scores on these: its own, and that of the best."""


def looks() -> Iterator[int]:
    """Yield the numbers of draws after which trials may be eliminated."""
    return (FIRST * 2**look for look in count())


def race(trials: Sequence[TrialRecord], attainable: Attainable) -> dict[int, Elimination]:
    """Return which of the `trials`, all that are confirmed, are eliminated, by number.

    A trial that failed on a draw does not take part, and eliminates nobody.
    """
    scores = {
        trial.number: [score(result.metrics, attainable) for result in trial.confirmation]
        for trial in trials
        if not any(result.reason for result in trial.confirmation)
    }
    return eliminations(scores, len(trials))


def eliminations(scores: Mapping[int, Sequence[float]], trials: int) -> dict[int, Elimination]:
    """Return which of the rows of `scores`, those of so many `trials` that take part, are eliminated.

    At look k (1, 2, ...) each row that is left is tested against the one with the lowest mean, by a one-sided paired
    t-test at the level ERROR / 2^k / (trials - 1). By Bonferroni, over looks and over whichever row has the lowest
    mean, the truly best one is eliminated with a probability of at most ERROR, as far as t-tests hold. There is no look
    before all that are left have its draws.
    """
    left, found = dict(scores), dict[int, Elimination]()
    for look, draws in enumerate(looks(), 1):
        if len(left) < 2 or min(map(len, left.values())) < draws:
            break
        level = ERROR / 2**look / (trials - 1)
        seen = {number: each[:draws] for number, each in left.items()}
        means = {number: float(np.mean(each)) for number, each in seen.items()}
        best = min(means, key=lambda number: means[number])
        for number, each in seen.items():
            if higher(each, seen[best], level):
                found[number] = Elimination(draws, best, (means[number], means[best]))
                del left[number]
    return found
