"""Bootstrap of the training rows: the copycat."""

from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.records import Rows


@dataclass(frozen=True)
class Bootstrap(Baseline):
    """Training rows drawn with replacement: what pure copying scores.

    p(x) = 1/n * sum_i delta(x - x_i), x_i the training rows. Efron, Annals of Statistics 7(1), 1979.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` of the rows of `train`, shape (rows, columns), with replacement: shape (n, columns)."""
        return train[random.integers(len(train), size=n)]
