"""Uniform draws over the range of the training rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Kind, Rows


@dataclass(frozen=True)
class Uniform(Baseline):
    """Uniform draws over each column's range, the columns independent: what knowing the range alone scores.

    p(x) = prod_j 1 / (max_j - min_j) for min_j <= x_j <= max_j, over the training rows; 1 / levels
    of a category. Cells are empty as often as there.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Draw `n` rows, shape (n, columns), from the range of `train`, shape (rows, columns)."""
        return random.uniform(train.min(axis=0), train.max(axis=0), (n, train.shape[1]))

    def generate_mixed(
        self, train: Rows, kinds: Sequence[Kind], n: int, random: np.random.Generator, data_set: DataSet
    ) -> Rows:
        """Do the same, the levels of a category having equal shares, and empty cells theirs."""
        rows = np.full((n, train.shape[1]), np.nan)
        for column, kind in enumerate(kinds):
            cells = train[~np.isnan(train[:, column]), column]
            filled = random.random(n) < len(cells) / len(train)
            if len(cells) and kind == "number":
                rows[filled, column] = random.uniform(cells.min(), cells.max(), n)[filled]
            elif len(cells):
                rows[filled, column] = random.choice(np.unique(cells), n)[filled]
        return rows
