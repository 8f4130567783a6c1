"""The distribution of one column by its ranks, interpolated between its values.

A value stands at the middle of the share of the rows that have it; an atom, which rows repeat, stands at all of its
share. Two questions are answered from that. Copulas of rows ask for the value at a level between 0 and 1: `Quantiles`,
lines between levels, which end near the last values. A scaling and a latent sampler ask for the value at a normal
score, of which there is no last one: `NormalScores`, lines between scores, which go on beyond the last values.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""The values of one column, shape (rows,)."""
MOST = 1000
"""Values that normal scores keep at most."""
TAIL = 0.1
"""Share of the rows at either end whose spread gives the slope beyond the last of them."""
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Quantiles:
    """The quantile function of a column: straight lines between (level, value) points.

    An atom keeps its frequency, exactly. At either end half of the next gap is added, but not beyond 0. A column of
    whole numbers stays whole, one of two decimals keeps two.
    """

    levels: Column
    """Ascending, from 0 to 1; equal ones where the quantile function jumps."""
    values: Column
    decimals: int | None
    """How many decimals the column is written with; None if with more than MOST_DECIMALS."""

    @classmethod
    def fit(cls, x: Column) -> Self:
        """Fit to a column."""
        values, levels = _ranked(x)
        points, repeated = levels.ravel(), np.repeat(values, 2)
        if points[0] > 0:
            points, repeated = np.append(0.0, points), np.append(_beyond(values), repeated)
        if points[-1] < 1:
            points, repeated = np.append(points, 1.0), np.append(repeated, -_beyond(-values[::-1]))
        return cls(points, repeated, _decimals(values))

    def at(self, level: Column) -> Column:
        """Return the values at these levels between 0 and 1, in their shape."""
        found = np.interp(level, self.levels, self.values)
        return found if self.decimals is None else np.round(found, self.decimals)


@dataclass(frozen=True)
class NormalScores:
    """Values of a column and their normal scores, the normal quantiles of their levels."""

    scores: Column  # [K], ascending
    values: Column  # [K], ascending
    ends: Column
    """[2, 3]: score, value and d value / d score at the smallest and at the largest value."""

    @classmethod
    def fit(cls, x: Column) -> Self:
        """Fit to a column of at least two different values: an atom stands at its middle, so both are increasing.

        Beyond the last values a line goes on whose slope is that of the chord over the outermost tenth of the rows.
        """
        from scipy.special import ndtri

        values, levels = _thinned(x)
        middles = levels.mean(axis=1)
        scores = ndtri(middles)
        low = min(max(int((middles <= TAIL).sum()), 1), len(values) - 1)
        high = min(max(int((middles >= 1 - TAIL).sum()), 1), len(values) - 1)
        rises = np.array([(values[low] - values[0]), (values[-1] - values[-1 - high])])
        rises /= np.array([(scores[low] - scores[0]), (scores[-1] - scores[-1 - high])])
        return cls(scores, values, np.stack([scores[[0, -1]], values[[0, -1]], rises], axis=1))

    @classmethod
    def with_atoms(cls, x: Column) -> Self:
        """Return the same, but an atom has all scores of its share; beyond one at an end, the line is level."""
        from scipy.special import ndtri

        plain = cls.fit(x)
        values, levels = _thinned(x)
        flat = levels[[0, -1], 0] < levels[[0, -1], 1]
        levels[0, 0], levels[-1, 1] = levels[[0, -1]].mean(axis=1)  # beyond, the line
        ends = plain.ends * np.where(flat[:, None], [1.0, 1.0, 0.0], 1.0)
        return cls(ndtri(levels.ravel()), np.repeat(values, 2), ends)


def _ranked(x: Column) -> tuple[Column, Column]:
    """Return the different values [K], ascending, and the lowest and highest level of each [K, 2]."""
    values, counts = np.unique(x, return_counts=True)
    shares = np.concatenate([[0.0], np.cumsum(counts) / len(x)])
    levels = np.stack([shares[:-1], shares[1:]], axis=1)
    return values, np.where(counts[:, None] > 1, levels, levels.mean(axis=1, keepdims=True))


def _thinned(x: Column) -> tuple[Column, Column]:
    """Return the same of at most MOST values."""
    values, levels = _ranked(x)
    kept = np.linspace(0, len(values) - 1, min(MOST, len(values))).round().astype(int)
    return values[kept], levels[kept]


def _beyond(ascending: Column) -> float:
    """Return half of the first gap below the first value, or 0 where that would have another sign."""
    first = float(ascending[0])
    below = first - float(ascending[1] - ascending[0]) / 2 if len(ascending) > 1 else first
    return max(below, 0.0) if first >= 0 else below


def _decimals(values: Column) -> int | None:
    return next((digits for digits in range(MOST_DECIMALS + 1) if (np.round(values, digits) == values).all()), None)
