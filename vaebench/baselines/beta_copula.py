"""Empirical beta copula with empirical margins."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.margins import Quantiles
from vaebench.rows import Rows


@dataclass(frozen=True)
class BetaCopula(Baseline):
    """Draws of the empirical beta copula: a training row i, then x_j = Q_j(u_j), u_j ~ Beta(r_ij, n + 1 - r_ij).

    r_ij is the rank of row i in column j, equal values in random order, and Q_j the column's own distribution, which
    keeps the share of a value that repeats, and whole numbers whole. The blur is 1 / (2 sqrt(n)) of the ranks at most,
    so with many columns each row stays nearest to the row it came from: it copies. Segers, Sibuya and Tsukahara, "The
    empirical beta copula", Journal of Multivariate Analysis 155, 2017.
    """

    copies: ClassVar[bool] = True

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
        chosen = random.integers(len(train), size=n)
        shuffled = random.permutation(len(train))
        drawn = []
        for column in train.T:
            ranks = np.empty(len(train))
            ranks[shuffled[np.argsort(column[shuffled], kind="stable")]] = np.arange(1, len(train) + 1)
            rank = ranks[chosen]
            drawn.append(Quantiles.fit(column).at(random.beta(rank, len(train) + 1 - rank)))
        return np.column_stack(drawn)
