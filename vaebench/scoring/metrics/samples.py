"""Scaling and subsampling of rows, for metrics of several columns together."""

import numpy as np

from vaebench.rows import Rows
from vaebench.seeds import generator

LARGEST = 1e100
"""Larger cells are clipped to this, so that their squares do not overflow."""


def in_units(rows: Rows, stds: Rows) -> Rows:
    """Return `rows`, shape (rows, columns), in units of `stds`, shape (columns,), clipped to +- LARGEST."""
    with np.errstate(over="ignore"):
        return np.clip(rows / stds, -LARGEST, LARGEST)


def some(rows: Rows, count: int) -> Rows:
    """Return `count` of the rows, or all if there are fewer, shuffled: the same ones for the same sizes."""
    return rows[generator("some rows", len(rows)).choice(len(rows), min(count, len(rows)), replace=False)]
