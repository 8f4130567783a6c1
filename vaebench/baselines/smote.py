"""SMOTE: points between neighbouring rows."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Rows

NEIGHBOURS = 5


@dataclass(frozen=True)
class Smote(Baseline):
    """A random point between a training row and one of its 5 nearest: what blurred copying scores.

    x = a + u (b - a), a a training row, b one of its nearest neighbours in standardised columns, u ~ U(0, 1). Chawla,
    Bowyer, Hall and Kegelmeyer, "SMOTE: synthetic minority over-sampling technique", JAIR 16, 2002.
    """

    copies: ClassVar[bool] = True

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Draw `n` rows between those of `train`, shape (rows, columns): shape (n, columns)."""
        from scipy.spatial import cKDTree

        spread = train.std(axis=0)
        scaled = train / np.where(spread > 0, spread, 1.0)
        count = min(NEIGHBOURS, len(train) - 1)
        nearest = np.reshape(cKDTree(scaled).query(scaled, count + 1)[1], (len(train), -1))[:, 1:]  # first: itself
        row = random.integers(len(train), size=n)
        other = nearest[row, random.integers(count, size=n)]
        return train[row] + random.random((n, 1)) * (train[other] - train[row])
