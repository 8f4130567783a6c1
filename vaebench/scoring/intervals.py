"""Uncertainty of a mean over few replicates: bootstrap intervals."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 2000


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
