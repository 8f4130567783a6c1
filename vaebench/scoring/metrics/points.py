"""Rows with categories and empty cells as points, whose distance says how different the rows are."""

from collections.abc import Sequence

import numpy as np

from vaebench.rows import Kind, Rows
from vaebench.scoring.metrics.distances import Sample
from vaebench.scoring.metrics.one_column import filled
from vaebench.scoring.metrics.samples import in_units


def points(parts: Sequence[Rows], known: Rows, units: Rows, kinds: Sequence[Kind]) -> tuple[Rows, ...]:
    """Return each of `parts`, shape (rows, columns), as points of one space: shape (rows, axes).

    Numbers are in `units`, shape (columns,). Rows of different levels of a category are 1 apart in it, and so are an
    empty cell and a filled one; an empty number stands at the mean of the `known` rows. So a mismatch counts like a
    difference of one standard deviation, as in SMOTE-NC, whose unit is the median of the standard deviations: Chawla et
    al., "SMOTE", JAIR 16, 2002, section 6.1.
    """
    if not kinds:
        return tuple(in_units(rows, units) for rows in parts)
    axes: list[list[Sample]] = [[] for _ in parts]
    for column, kind in enumerate(kinds):
        cells = [rows[:, column] for rows in parts]
        if kind == "category":
            of = _levels(cells)
        else:
            numbers = filled(known[:, column])
            centre = float(numbers.mean()) if len(numbers) else 0.0
            of = [in_units(np.where(np.isnan(part), centre, part)[:, None], units[column]) for part in cells]
            if any(np.isnan(part).any() for part in cells):
                of = [np.column_stack([axis, np.isnan(part)]) for axis, part in zip(of, cells, strict=True)]
        for part, axis in zip(axes, of, strict=True):
            part.append(axis)
    return tuple(np.concatenate(part, axis=1) for part in axes)


def _levels(cells: Sequence[Sample]) -> list[Rows]:
    """Return an axis for each level, an empty cell among them, on which its cells are at sqrt(1/2)."""
    every = np.concatenate(cells)
    levels, places = np.unique(np.where(np.isnan(every), np.inf, every), return_inverse=True)
    ends = np.cumsum([len(part) for part in cells])[:-1]
    return np.split(np.eye(len(levels))[places] * np.sqrt(0.5), ends)
