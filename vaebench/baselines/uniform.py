"""Uniform draws over the range of the training rows."""

from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Rows


@dataclass(frozen=True)
class Uniform(Baseline):
    """Uniform draws over each column's range, the columns independent: what knowing the range alone scores.

    p(x) = prod_j 1 / (max_j - min_j) for min_j <= x_j <= max_j, over the training rows.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Draw `n` rows, shape (n, columns), from the range of `train`, shape (rows, columns)."""
        return random.uniform(train.min(axis=0), train.max(axis=0), (n, train.shape[1]))
