"""Whether generated rows keep the relation between columns, linear or not, whatever each column's own distribution."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from vaebench.rows import Rows
from vaebench.seeds import generator

GRID = 16
"""Steps of the grid in each direction."""
PAIRS = 500
"""At most so many pairs of columns are looked at, always the same: 500 are all pairs of 32 columns."""


def copula_error(a: Rows, b: Rows) -> float:
    """Return the root mean square difference of the copulas of two samples, mean over pairs of columns i < j.

    Shapes (rows, columns). C_ij(u, v) is the share of rows whose rank in column i is at most u and in column j at most
    v, ranks divided by the number of rows, equal values at their mean rank; u and v are 1/16, ..., 15/16. It is the
    Cramer-von Mises distance of Remillard and Scaillet, "Testing for equality between two copulas", Journal of
    Multivariate Analysis 100, 2009. A column without spread has one rank, 1/2, which is far from independence.
    """
    pairs = list(combinations(range(a.shape[1]), 2))
    if len(pairs) > PAIRS:
        chosen = generator("pairs of columns", a.shape[1]).choice(len(pairs), PAIRS, replace=False)
        pairs = [pairs[place] for place in np.sort(chosen)]
    cells_a, cells_b = _cells(a), _cells(b)
    squares = [np.mean((_copula(cells_a, i, j) - _copula(cells_b, i, j)) ** 2) for i, j in pairs]
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
