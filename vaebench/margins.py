"""The interpolated distribution of one column: normal scores of its values, and lines beyond the last of them.

A scaling and a latent sampler use it, so it lies below both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""The values of one column, shape (rows,)."""
MOST = 1000
"""Values that are kept at most."""
TAIL = 0.1
"""Share of the rows at either end whose spread gives the slope beyond the last of them."""


@dataclass(frozen=True)
class Margin:
    """Values of a column, and their normal scores: the normal quantile of (rank - 1/2) / rows, ties at their mean."""

    scores: Column  # [K], increasing
    values: Column  # [K], increasing
    ends: Column
    """[2, 3]: score, value and d value / d score at the smallest and at the largest value."""


def margin(x: Column) -> Margin:
    """Return the margin of a column of at least two different values.

    Beyond the last values a line goes on whose slope is that of the chord over the outermost tenth of the rows.
    """
    from scipy.special import ndtri

    values, above, below = _ranked(x)
    ranks = (below + above) / 2
    scores = ndtri(ranks)
    low = min(max(int((ranks <= TAIL).sum()), 1), len(values) - 1)
    high = min(max(int((ranks >= 1 - TAIL).sum()), 1), len(values) - 1)
    rises = np.array([(values[low] - values[0]), (values[-1] - values[-1 - high])])
    rises /= np.array([(scores[low] - scores[0]), (scores[-1] - scores[-1 - high])])
    return Margin(scores, values, np.stack([scores[[0, -1]], values[[0, -1]], rises], axis=1))


def with_atoms(x: Column) -> Margin:
    """Return the same margin, but each value that rows repeat takes up all scores of its ranks: an atom."""
    from scipy.special import ndtri

    plain = margin(x)
    values, above, below = _ranked(x)
    middle, atom = (below + above) / 2, above - below > 1.5 / len(x)
    levels = np.stack([np.where(atom, below, middle), np.where(atom, above, middle)], axis=1)
    levels[0, 0], levels[-1, 1] = middle[0], middle[-1]  # beyond, the line
    flat = np.where(atom[[0, -1]], 0.0, 1.0)[:, None] * [0.0, 0.0, 1.0] + [1.0, 1.0, 0.0]
    return Margin(ndtri(levels.ravel()), np.repeat(values, 2), plain.ends * flat)


def _ranked(x: Column) -> tuple[Column, Column, Column]:
    """Return the different values, at most MOST of them, and the share of rows up to and below each."""
    values, counts = np.unique(x, return_counts=True)
    above = np.cumsum(counts) / len(x)
    below = above - counts / len(x)
    kept = np.linspace(0, len(values) - 1, min(MOST, len(values))).round().astype(int)
    return values[kept], above[kept], below[kept]
