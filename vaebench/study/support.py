"""The support of columns: declared bounds, and what the training rows show of an end at zero and of whole numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaebench.errors import InputError
from vaebench.generator import Steps
from vaebench.margins import Column
from vaebench.rows import Rows, Support

NEAR = 0.5
"""A column ends at zero if no row is beyond it and its nearest row lies at most this share of the median from it."""
FEW, OFTEN = 10, 5
"""A column of at most FEW different values, each in at least OFTEN rows, has no others."""
HALF = 0.5 * (1 - 1e-9)
"""What is added to the ends of whole numbers before rounding: less than a half, which would be rounded out of them."""


@dataclass(frozen=True)
class ColumnSupport:
    """The values that a column can have: those from low to high, of these the whole numbers if it is `whole`."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    values: tuple[float, ...] = ()
    """All of them, ascending, where they are few."""

    def __str__(self) -> str:
        """Return it in words, such as "whole numbers from 1 to 12"; empty if it is all numbers."""
        if self.values:
            return f"one of {', '.join(f'{value:g}' for value in self.values)}"
        ends = [f"{word} {end:g}" for word, end in (("from", self.low), ("to", self.high)) if math.isfinite(end)]
        return " ".join(["whole numbers"] * self.whole + ends)

    @property
    def reach(self) -> tuple[float, float]:
        """Where the values end before they are rounded: nearly half a unit further out in a column of whole numbers."""
        return (self.low - HALF, self.high + HALF) if self.whole else (self.low, self.high)


def supports(support: Support, train: Rows) -> tuple[ColumnSupport, ...]:
    """Return the support of each column of the training rows, shape (rows, columns).

    Declared bounds hold. Where `support.learned`, a column whose rows are all whole numbers has whole numbers, and the
    range of these if each number in it occurs; a column of few values that often repeat has only these; another end is
    at zero where no row is beyond it and rows come near it. Where `support.whole`, that is so of the first two alone.
    An end that n rows show wrongly cuts off a tail of probability p that they all missed: at most 1 / (e n) on average.

    The codes of a category are 0 to k - 1, if `support.levels` has k; empty cells are left out.

    Raises InputError where a training row is outside its declared bounds.
    """
    bounds = support.bounds or ((-math.inf, math.inf),) * train.shape[1]
    levels = support.levels or (0,) * train.shape[1]
    found = []
    kinds = support.kinds or ("number",) * len(bounds)
    for index, ((low, high), cells, kind, count) in enumerate(zip(bounds, train.T, kinds, levels, strict=True)):
        x = cells[~np.isnan(cells)] if support.kinds else cells
        if kind == "category" or not len(x):
            found.append(ColumnSupport(0.0, count - 1.0, whole=True) if count else ColumnSupport())
            continue
        if x.min() < low or x.max() > high:
            outside = x[(x < low) | (x > high)][0]
            raise InputError(
                f"[data.columns]: column {index + 1} has {outside:g} in a training row, outside its bounds"
            )
        learned = _learned(x) if support.learned or support.whole else ColumnSupport()
        if not (support.learned or learned.whole or learned.values):
            learned = ColumnSupport()
        low, high = max(low, learned.low), min(high, learned.high)
        if learned.whole:
            low, high = np.ceil(low), np.floor(high)  # a declared one may lie between
        found.append(ColumnSupport(float(low), float(high), learned.whole, learned.values))
    return tuple(found)


def kept_within(known: Sequence[ColumnSupport]) -> Steps:
    """Return the steps that bring rows into the support of each column; none is random.

    Values beyond an end are folded back at it, and whole numbers rounded. Folding makes no atoms as clipping would, and
    leaves no gap: it is how kernel density estimates are corrected at a boundary (Silverman, "Density estimation",
    1986, section 2.10).
    """
    steps: list[tuple[str, dict[str, Any]]] = []
    for column, each in enumerate(known):
        if each.values:
            steps.append(("nearest", {"column": column, "values": np.array(each.values)}))
            continue
        ends = {name: end for name, end in zip(("low", "high"), each.reach, strict=True) if math.isfinite(end)}
        if ends:
            steps.append(("fold", {"column": column, **ends}))
        if each.whole:
            steps.append(("whole", {"column": column}))
    return Steps(tuple(steps))


def _learned(x: Column) -> ColumnSupport:
    low, high, median = float(x.min()), float(x.max()), float(np.median(x))
    if low == high:
        return ColumnSupport()
    whole = bool((x == np.rint(x)).all())
    values, counts = np.unique(x, return_counts=True)
    if whole and high - low == len(values) - 1:
        return ColumnSupport(low, high, whole)
    if len(values) <= FEW and counts.min() >= OFTEN:
        return ColumnSupport(low, high, values=tuple(values.tolist()))
    if 0 <= low <= NEAR * median:
        return ColumnSupport(low=0.0, whole=whole)
    if NEAR * median <= high <= 0:
        return ColumnSupport(high=0.0, whole=whole)
    return ColumnSupport(whole=whole)
