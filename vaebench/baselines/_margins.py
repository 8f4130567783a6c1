"""The distribution of one column, as copulas need it: interpolated between rows, with its atoms and its decimals."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Margin:
    """The quantile function of a column: straight lines between (level, value) points.

    A value that rows repeat is an atom: it keeps its frequency, exactly. Single values are where the middle of their
    1/n lies, and what is between them is interpolated. At either end half of the next gap is added, but not beyond 0. A
    column of whole numbers stays whole, one of two decimals keeps two.
    """

    levels: Column
    """Ascending, from 0 to 1; equal ones where the quantile function jumps."""
    values: Column
    decimals: int | None
    """How many decimals the column is written with; None if with more than MOST_DECIMALS."""

    @classmethod
    def fit(cls, column: Column) -> Self:
        """Fit to a column, shape (rows,)."""
        values, counts = np.unique(column, return_counts=True)
        ends = np.concatenate([[0.0], np.cumsum(counts) / len(column)])
        atom = counts > 1
        middles = (ends[:-1] + ends[1:]) / 2
        levels = np.column_stack([np.where(atom, ends[:-1], middles), np.where(atom, ends[1:], middles)])
        points, repeated = levels.ravel(), np.repeat(values, 2)
        if not atom[0]:
            points, repeated = np.append(0.0, points), np.append(_beyond(values), repeated)
        if not atom[-1]:
            points, repeated = np.append(points, 1.0), np.append(repeated, -_beyond(-values[::-1]))
        return cls(points, repeated, _decimals(values))

    def quantile(self, level: Column) -> Column:
        """Return the values at these levels between 0 and 1, in their shape."""
        found = np.interp(level, self.levels, self.values)
        return found if self.decimals is None else np.round(found, self.decimals)


def _beyond(ascending: Column) -> float:
    """Return half of the first gap below the first value, or 0 where that would have another sign."""
    first = float(ascending[0])
    below = first - float(ascending[1] - ascending[0]) / 2 if len(ascending) > 1 else first
    return max(below, 0.0) if first >= 0 else below


def _decimals(values: Column) -> int | None:
    return next((digits for digits in range(MOST_DECIMALS + 1) if (np.round(values, digits) == values).all()), None)
