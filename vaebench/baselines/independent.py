"""Every column's own distribution, and no relation between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.margins import Quantiles
from vaebench.rows import Kind, Rows


@dataclass(frozen=True)
class Independent(Baseline):
    """Columns drawn one by one, each from its own distribution: what ignoring their relation costs.

    p(x) = prod_j p_j(x_j): numbers interpolated between the rows, as in the copulas; levels of a category and empty
    cells as often as there.
    """

    def suits(self, data_set: DataSet) -> bool:
        """Return whether there are several columns: of one it is the Gaussian copula."""
        return len(data_set.columns) > 1

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
        return np.column_stack([Quantiles.fit(column).at(random.random(n)) for column in train.T])

    def generate_mixed(
        self, train: Rows, kinds: Sequence[Kind], n: int, random: np.random.Generator, data_set: DataSet
    ) -> Rows:
        """Do the same: a cell that is no number is that of a random row."""
        rows = np.column_stack([column[random.integers(len(column), size=n)] for column in train.T])
        for column, kind in enumerate(kinds):
            filled = ~np.isnan(rows[:, column])
            if kind == "number" and filled.any():
                cells = train[~np.isnan(train[:, column]), column]
                rows[filled, column] = Quantiles.fit(cells).at(random.random(int(filled.sum())))
        return rows
