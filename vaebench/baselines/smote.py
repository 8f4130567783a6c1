"""SMOTE: points between neighbouring rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Kind, Rows

Places = NDArray[np.intp]
NEIGHBOURS = 5
HALF = 0.5


@dataclass(frozen=True)
class Smote(Baseline):
    """A random point between a training row and one of its 5 nearest: what blurred copying scores.

    x = a + u (b - a), a a training row, b one of its nearest neighbours in standardised columns, u ~ U(0, 1). Chawla,
    Bowyer, Hall and Kegelmeyer, "SMOTE: synthetic minority over-sampling technique", JAIR 16, 2002. Of categories and
    empty cells it is their SMOTE-NC, section 6.1.
    """

    copies: ClassVar[bool] = True

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Draw `n` rows between those of `train`, shape (rows, columns): shape (n, columns)."""
        spread = train.std(axis=0)
        row, other, _ = _neighbours(train / np.where(spread > 0, spread, 1.0), n, random)
        return train[row] + random.random((n, 1)) * (train[other] - train[row])

    def generate_mixed(
        self, train: Rows, kinds: Sequence[Kind], n: int, random: np.random.Generator, data_set: DataSet
    ) -> Rows:
        """Do the same, categories being those of most of the neighbours; empty cells are a level of all columns.

        Levels are one standard deviation apart. A cell of numbers that most neighbours have empty is empty.
        """
        row, other, near = _neighbours(_scaled(train, kinds), n, random)
        between = train[row] + random.random((n, 1)) * (train[other] - train[row])
        for column, kind in enumerate(kinds):
            cells = train[:, column]
            if kind == "category":
                between[:, column] = _most_frequent(cells, near)[row]
            elif np.isnan(cells).any():
                known = np.where(np.isnan(cells[row]), cells[other], cells[row])  # of two neighbours, one may be empty
                between[:, column] = np.where(np.isnan(between[:, column]), known, between[:, column])
                between[np.isnan(cells)[near].mean(axis=1)[row] > HALF, column] = np.nan
        return between


def _neighbours(points: Rows, n: int, random: np.random.Generator) -> tuple[Places, Places, Places]:
    """Return `n` random rows, a neighbour of each, and all neighbours of every row: shape (rows, neighbours)."""
    from scipy.spatial import cKDTree

    count = min(NEIGHBOURS, len(points) - 1)
    nearest = np.reshape(cKDTree(points).query(points, count + 1)[1], (len(points), -1))[:, 1:]  # first: itself
    row = random.integers(len(points), size=n)
    return row, nearest[row, random.integers(count, size=n)], nearest


def _scaled(train: Rows, kinds: Sequence[Kind]) -> Rows:
    """Return rows as points, in standard deviations; different levels, and an empty and a filled cell, are 1 apart."""
    axes = []
    for cells, kind in zip(train.T, kinds, strict=True):
        empty = np.isnan(cells)
        if kind == "category":
            levels, place = np.unique(np.where(empty, np.inf, cells), return_inverse=True)
            axes += [*(np.eye(len(levels))[place] * HALF**0.5).T]
        elif not empty.all():
            numbers = cells[~empty]
            spread = numbers.std() or 1.0
            axes += [np.where(empty, numbers.mean(), cells) / spread, empty.astype(float)]
    return np.column_stack(axes)


def _most_frequent(cells: Rows, near: Places) -> Rows:
    """Return of each row the most frequent level of its neighbours, the first of equals; NaN is one."""
    levels, place = np.unique(np.where(np.isnan(cells), np.inf, cells), return_inverse=True)
    counts = np.zeros((len(cells), len(levels)))
    for at in near.T:
        counts[np.arange(len(cells)), place[at]] += 1
    found = levels[counts.argmax(axis=1)]
    return np.where(np.isinf(found), np.nan, found)
