"""Paired tests of scores: whether rows can be told apart, and whether a trial is plainly worse than another.

Replicate r is the same draw of the data for every row, so scores are compared draw by draw.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""Probability that any pair of equal rows is told apart, over all pairs tested together."""
MIN_PAIRS = 6
"""With fewer draws the answer would depend on the distribution of the differences."""
EXACT_PAIRS = 200
"""The exact distribution of the signed ranks takes a second with 1,000 pairs."""


def told_apart(pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> list[bool]:
    """Return, for each pair of rows, whether their mean scores differ by paired tests, all on the same draws.

    Paired t-tests, two-sided (Student 1908), by Holm's procedure (Scandinavian Journal of Statistics 6, 1979): with m
    pairs, the k-th smallest p-value is compared with LEVEL / (m - k + 1) until one is larger. So the probability that
    any pair of equal rows is told apart is LEVEL, however many pairs there are and whichever of them is looked at.

    A pair with fewer than MIN_PAIRS draws on which it differs is not told apart. Raises ValueError for unequal lengths.
    """
    p = np.array([_p_value(first, second) for first, second in pairs])
    order = p.argsort(kind="stable")
    kept = np.logical_and.accumulate(p[order] <= LEVEL / np.arange(len(p), 0, -1))
    found = np.zeros(len(p), dtype=bool)
    found[order] = kept
    return [bool(told) for told in found]


def _p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the p-value of the paired t-test. It compares means, by which rows are ranked; ranks would not."""
    from scipy.special import stdtr

    differences = _differences(first, second)
    if np.count_nonzero(differences) < MIN_PAIRS:
        return 1.0
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    if error == 0:
        return 0.0
    return float(2 * stdtr(len(differences) - 1, -abs(differences.mean()) / error))


def higher(scores: Sequence[float], other: Sequence[float], level: float) -> bool:
    """Return whether the mean of `scores` is higher (worse) than that of `other`, by a one-sided paired t-test."""
    return bool(_differences(scores, other).mean() > 0 and _p_value(scores, other) / 2 <= level)


def worse(scores: Sequence[float], other: Sequence[float], level: float) -> bool:
    """Return whether paired `scores` are higher (worse) than those of `other`, both in the mean and by a test.

    Wilcoxon signed-rank test, one-sided, at `level`; equal pairs are dropped. The smallest p-value of n pairs is
    1 / 2^n: with four, all higher, 1 / 16. Raises ValueError for unequal lengths.
    """
    from scipy.stats import wilcoxon

    differences = _differences(scores, other)
    differences = differences[differences != 0]
    if len(differences) == 0 or differences.mean() <= 0:
        return False
    # not method="auto": it goes through all 2^n signs if two differences have the same size
    method: Literal["exact", "approx"] = "exact" if len(differences) <= EXACT_PAIRS else "approx"
    return bool(wilcoxon(differences, alternative="greater", method=method).pvalue <= level)


def _differences(first: Sequence[float], second: Sequence[float]) -> NDArray[np.float64]:
    return np.array([a - b for a, b in zip(first, second, strict=True)])
