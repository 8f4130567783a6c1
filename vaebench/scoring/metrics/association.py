"""Whether generated rows keep how strongly columns of any two kinds go together."""

from collections.abc import Sequence

import numpy as np

from vaebench.rows import Kind, Rows
from vaebench.scoring.metrics.distances import Sample
from vaebench.scoring.metrics.pairs import some_pairs

LARGEST = 1e100
"""Larger numbers are clipped to this, so that their squares do not overflow."""


def association_error(a: Rows, b: Rows, kinds: Sequence[Kind]) -> float:
    """Return the mean of |association in a - association in b| over pairs of columns, at most 500 (see some_pairs).

    Shapes (rows, columns); `b` are the true samples. Of each pair only rows with both cells are used.

        two numbers              Pearson's correlation r                                        -1 to 1
        a category and a number  correlation ratio eta, root of Kelley's epsilon^2               0 to 1
        two categories           Cramer's V, corrected                                           0 to 1

    The latter two are corrected for their bias, since one side has thousands of rows and the other may have tens: of 33
    rows of two independent categories of five levels V is 0.35 on average, corrected 0.08, and eta 0.33 and 0.11 of a
    number. A generated number without
    spread has the worst association there is, 1 + |r| or 1, as in `correlation_error`; a category of one level, 0.
    """
    errors = []
    for i, j in some_pairs(len(kinds)):
        of_a, of_b = (association(rows, i, j, kinds) for rows in (a, b))
        true = 0.0 if np.isnan(of_b) else of_b
        worst = 1.0 + abs(true) if kinds[i] == kinds[j] == "number" else 1.0
        errors.append(worst if np.isnan(of_a) else abs(of_a - true))
    return float(np.mean(errors))


def association(rows: Rows, i: int, j: int, kinds: Sequence[Kind]) -> float:
    """Return the association of two columns; NaN if there are fewer than two rows, or a number has no spread."""
    both = ~np.isnan(rows[:, i]) & ~np.isnan(rows[:, j])
    first, second = rows[both, i], rows[both, j]
    if kinds[i] == kinds[j] == "number":
        return correlation(first, second)
    if kinds[i] == kinds[j]:
        return cramers_v(first, second)
    return correlation_ratio(first, second) if kinds[i] == "category" else correlation_ratio(second, first)


def correlation(x: Sample, y: Sample) -> float:
    """Return Pearson's correlation of two columns of numbers; NaN where one has no spread."""
    of_x, of_y = _unit(x), _unit(y)
    return np.nan if of_x is None or of_y is None else float(np.einsum("i,i", of_x, of_y))


def correlation_ratio(groups: Sample, y: Sample) -> float:
    """Return eta of numbers `y` by a category: the root of the share of their variance that is between its levels.

    Of n rows and k levels, Kelley's epsilon^2 = 1 - (1 - eta^2) (n - 1) / (n - k), at least 0: its expectation is
    nearly 0 where there is no association. Okada, "Is omega squared less biased?", Behaviormetrika 40, 2013. NaN where
    `y` has no spread.
    """
    if (unit := _unit(y)) is None:
        return np.nan
    _, level, counts = np.unique(groups, return_inverse=True, return_counts=True)
    n, k = len(y), len(counts)
    if n == k:
        return 0.0
    between = float((np.bincount(level, weights=unit) ** 2 / counts).sum())
    return float(np.sqrt(max(0.0, 1 - (1 - min(between, 1.0)) * (n - 1) / (n - k))))


def cramers_v(x: Sample, y: Sample) -> float:
    """Return Cramer's V of two categories, corrected for its bias. 0 where one has a single level.

    phi^2 = chi^2 / n less its expectation under independence, (k - 1)(l - 1) / (n - 1), at least 0, and levels k - (k -
    1)^2 / (n - 1). Bergsma, "A bias-correction for Cramer's V", Journal of the Korean Statistical Society 42, 2013.
    """
    (_, at_x), (_, at_y) = (np.unique(cells, return_inverse=True) for cells in (x, y))
    n, k, m = len(x), int(at_x.max(initial=-1)) + 1, int(at_y.max(initial=-1)) + 1
    if min(k, m) < 2:
        return 0.0
    shares = np.bincount(at_x * m + at_y, minlength=k * m).reshape(k, m) / n
    expected = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    square = max(0.0, float(((shares - expected) ** 2 / expected).sum()) - (k - 1) * (m - 1) / (n - 1))
    fewest = min(levels - (levels - 1) ** 2 / (n - 1) for levels in (k, m))
    return float(min(1.0, np.sqrt(square / (fewest - 1)))) if fewest > 1 else 0.0


def _unit(x: Sample) -> Sample | None:
    """Return a column less its mean, of length 1; None if it has no spread."""
    x = np.clip(x, -LARGEST, LARGEST)
    if len(x) < 2 or np.ptp(x) == 0:
        return None
    centred: Sample = x - x.mean()
    return np.asarray(centred / np.sqrt((centred**2).sum()))
