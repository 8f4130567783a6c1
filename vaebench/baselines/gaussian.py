"""Gaussian maximum likelihood."""

from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Rows


@dataclass(frozen=True)
class Gaussian(Baseline):
    """Draws of the Gaussian with the largest likelihood.

    N(m, S) with m = mean of the training rows x_i and S = 1/n * sum_i (x_i - m)(x_i - m)^T, the full covariance;
    one column: its standard deviation with divisor n.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
        covariance = np.atleast_2d(np.cov(train, rowvar=False, ddof=0))
        # fewer rows than columns make it singular: SVD draws from it all the same, no check is needed
        return random.multivariate_normal(train.mean(axis=0), covariance, n, check_valid="ignore", method="svd")
