"""Whether generated rows keep the relation between columns, linear or not, whatever each column's own distribution."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.rows import Kind, Rows
from vaebench.scoring.metrics.distances import Sample
from vaebench.scoring.metrics.pairs import some_pairs

GRID = 16
"""Steps of the grid in each direction."""


def copula_error(a: Rows, b: Rows) -> float:
    """Return the root mean square difference of the copulas of two samples, mean over pairs of columns i < j.

    Shapes (rows, columns). C_ij(u, v) is the share of rows whose rank in column i is at most u and in column j at most
    v, ranks divided by the number of rows, equal values at their mean rank; u and v are 1/16, ..., 15/16. It is the
    Cramer-von Mises distance of Remillard and Scaillet, "Testing for equality between two copulas", Journal of
    Multivariate Analysis 100, 2009. A column without spread has one rank, 1/2, which is far from independence.
    """
    cells_a, cells_b = _cells(a), _cells(b)
    squares = [np.mean((_copula(cells_a, i, j) - _copula(cells_b, i, j)) ** 2) for i, j in some_pairs(a.shape[1])]
    return float(np.mean(np.sqrt(squares)))


def _cells(rows: Rows) -> NDArray[np.intp]:
    """Return the step of the grid, 0 to GRID - 1, that each value's rank is in: shape (columns, rows)."""
    from scipy.stats import rankdata

    levels = (rankdata(rows.T, axis=1) - 0.5) / len(rows)
    return np.asarray(levels * GRID, dtype=np.intp)


def _copula(cells: NDArray[np.intp], i: int, j: int) -> Rows:
    counts = np.bincount(cells[i] * GRID + cells[j], minlength=GRID * GRID).reshape(GRID, GRID)
    shares: Rows = counts.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] / cells.shape[1]
    return shares


def mixed_copula_error(a: Rows, b: Rows, kinds: Sequence[Kind]) -> float:
    """Return the same of columns that may be categories or have empty cells.

    Of two columns the joint distribution is compared less the product of its margins, which `ks` sees,

        D(A, B) = P(A and B) - P(A) P(B),    A and B = {rank <= u} of a number, {level} of a category

    over the rows that have both cells, ranks among a column's cells. For numbers that is the difference of copulas.
    Squares are averaged over the u, and half of their sum is taken over levels: two levels are one question. A column
    that has empty cells is two columns here: its cells, and the category of whether they are empty.
    """
    sides = [side for column, kind in enumerate(kinds) for side in _sides(a[:, column], b[:, column], kind, column)]
    pairs = [(sides[i], sides[j]) for i, j in some_pairs(len(sides)) if sides[i].column != sides[j].column]
    return float(np.mean([np.sqrt(_square(first, second)) for first, second in pairs]))


@dataclass(frozen=True)
class _Side:
    """What is asked of a column: in which cell of the grid, or on which level, each row is, -1 if it is empty."""

    column: int
    ordered: bool
    size: int  # how many cells or levels there are
    places: tuple[NDArray[np.intp], NDArray[np.intp]]  # of both samples


def _sides(a: Sample, b: Sample, kind: Kind, column: int) -> Iterator[_Side]:
    empty = np.isnan(a), np.isnan(b)
    if kind == "number":
        yield _Side(column, True, GRID, (_places(a), _places(b)))
    else:
        levels, places = np.unique(np.concatenate([a, b]), return_inverse=True)
        size = int((~np.isnan(levels)).sum())
        found = np.where(np.concatenate(empty), -1, places)
        yield _Side(column, False, size, (found[: len(a)], found[len(a) :]))
    if empty[1].any():
        yield _Side(column, False, 2, (empty[0].astype(np.intp), empty[1].astype(np.intp)))


def _places(x: Sample) -> NDArray[np.intp]:
    places = np.full(len(x), -1, dtype=np.intp)
    is_filled = ~np.isnan(x)
    if is_filled.any():
        places[is_filled] = _cells(x[is_filled, None])[0]
    return places


def _square(first: _Side, second: _Side) -> float:
    difference = _dependence(first, second, 0) - _dependence(first, second, 1)
    square = difference**2
    square = square.mean(axis=0) if first.ordered else square.sum(axis=0) / 2
    return float(square.mean() if second.ordered else square.sum() / 2)


def _dependence(first: _Side, second: _Side, sample: int) -> Rows:
    """Return P(A and B) - P(A) P(B) of one of the samples, shape (events of first, events of second)."""
    at_first, at_second = first.places[sample], second.places[sample]
    both = (at_first >= 0) & (at_second >= 0)
    cells = at_first[both] * second.size + at_second[both]
    counts = np.bincount(cells, minlength=first.size * second.size).reshape(first.size, second.size)
    shares: Rows = counts / max(int(both.sum()), 1)
    found: Rows = shares - np.outer(shares.sum(axis=1), shares.sum(axis=0))
    if first.ordered:
        found = found.cumsum(axis=0)[:-1]
    return found.cumsum(axis=1)[:, :-1] if second.ordered else found
