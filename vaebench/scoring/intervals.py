"""Uncertainty of a mean over few replicates: bootstrap intervals, and paired tests of two rows."""

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 2000
MIN_PAIRS = 6
PLAINLY = 0.1
EXACT_PAIRS = 200
"""The exact distribution of the signed ranks takes a second with 1,000 pairs."""


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % expanded percentile bootstrap interval of the mean of `values`; (NaN, NaN) for fewer than two.

    The interval is the a and 1 - a quantiles of the means of resamples with replacement (the same resamples at every
    call), where a = Phi(-sqrt(n / (n - 1)) t), t the 97.5 % quantile of Student's t with n - 1 degrees of freedom. The
    plain percentile interval, a = 2.5 %, is too narrow: it uses the normal's quantile and a variance divided by n
    (Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69, 2015). With 3 values the
    expanded interval is their whole range and still covers only 75 %: in one of four cases the mean is on one side.
    """
    n = len(values)
    if n < 2:
        return float("nan"), float("nan")
    means = np.asarray(values, dtype=np.float64)[_resamples(n)].mean(axis=1)
    tail = _tail(n)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


@cache
def _tail(n: int) -> float:
    from scipy.special import ndtr, stdtrit

    return float(ndtr(-np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 + LEVEL) / 2)))


@cache
def _resamples(n: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(n, size=(RESAMPLES, n))


def tied(scores_a: Sequence[float], scores_b: Sequence[float]) -> bool | None:
    """Return whether paired scores cannot be told apart. Replicate r of one is paired with replicate r of the other.

    Paired t-test, two-sided, 5 % (Student 1908). It compares means, by which rows are ranked. A rank test would prefer
    a row that is a little better on most replicates and bad on a few. With fewer than MIN_PAIRS pairs the answer would
    depend on the distribution of the differences, so it is None; if fewer than MIN_PAIRS pairs differ, it is True.
    Raises ValueError for unequal lengths.
    """
    from scipy.special import stdtr

    differences = np.asarray([a - b for a, b in zip(scores_a, scores_b, strict=True)])
    if len(differences) < MIN_PAIRS:
        return None
    if np.count_nonzero(differences) < MIN_PAIRS:
        return True
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    if error == 0:
        return False
    return bool(2 * stdtr(len(differences) - 1, -abs(differences.mean()) / error) > 1 - LEVEL)


def plainly_worse(scores: Sequence[float], best: Sequence[float]) -> bool:
    """Return whether paired `scores` are higher (worse) than `best`, both in the mean and by a test.

    Wilcoxon signed-rank test, one-sided, 10 %, as in optuna.pruners.WilcoxonPruner; equal pairs are dropped. It needs
    at least four pairs: with three, all higher, the p-value is 1 / 2^3. Raises ValueError for unequal lengths.
    """
    from scipy.stats import wilcoxon

    differences = np.asarray([a - b for a, b in zip(scores, best, strict=True)])
    differences = differences[differences != 0]
    if len(differences) == 0 or differences.mean() <= 0:
        return False
    # not method="auto": it goes through all 2^n signs if two differences have the same size
    method: Literal["exact", "approx"] = "exact" if len(differences) <= EXACT_PAIRS else "approx"
    return bool(wilcoxon(differences, alternative="greater", method=method).pvalue < PLAINLY)
