"""Rows made ready for metrics that look at all columns together."""

import numpy as np

from vaebench.rows import Rows
from vaebench.seeds import generator

LARGEST = 1e100
"""Cells beyond are cut to it, so that their squares do not overflow."""


def in_units(rows: Rows, stds: Rows) -> Rows:
    """Return `rows`, shape (rows, columns), in units of `stds`, shape (columns,), no cell beyond LARGEST."""
    with np.errstate(over="ignore"):
        return np.clip(rows / stds, -LARGEST, LARGEST)


def some(rows: Rows, count: int) -> Rows:
    """Return `count` of the rows, or all where there are no more, shuffled: the same ones for the same sizes."""
    return rows[generator("some rows", len(rows)).choice(len(rows), min(count, len(rows)), replace=False)]
