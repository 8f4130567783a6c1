"""Gaussian kernel density estimate."""

from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Rows


@dataclass(frozen=True)
class KernelDensity(Baseline):
    """Draws of a Gaussian kernel density estimate, Scott's bandwidth.

    p(x) = 1/n * sum_i N(x; x_i, h^2 S), S the sample covariance of the training rows x_i (divisor n - 1) and
    h = n^(-1 / (columns + 4)). Scott, Multivariate Density Estimation, 1992; scipy.stats.gaussian_kde.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns).

        Raises LinAlgError where the rows span fewer dimensions than they have columns.
        """
        from scipy.stats import gaussian_kde

        return gaussian_kde(train.T, bw_method="scott").resample(n, seed=random).T
