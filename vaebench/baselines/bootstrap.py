"""Bootstrap of the training rows: the copycat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Kind, Rows


@dataclass(frozen=True)
class Bootstrap(Baseline):
    """Training rows drawn with replacement: what pure copying scores.

    p(x) = 1/n * sum_i delta(x - x_i), x_i the training rows. Efron, Annals of Statistics 7(1), 1979.
    """

    copies: ClassVar[bool] = True

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Draw `n` of the rows of `train`, shape (rows, columns), with replacement: shape (n, columns)."""
        return train[random.integers(len(train), size=n)]

    def generate_mixed(
        self, train: Rows, kinds: Sequence[Kind], n: int, random: np.random.Generator, data_set: DataSet
    ) -> Rows:
        """Do the same: a row is a row."""
        return self.generate(train, n, random, data_set)
