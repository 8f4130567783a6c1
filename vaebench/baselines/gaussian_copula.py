"""Gaussian copula with empirical margins."""

from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.margins import Quantiles
from vaebench.rows import Rows


@dataclass(frozen=True)
class GaussianCopula(Baseline):
    """Draws of a Gaussian copula: x_j = Q_j(Phi(z_j)), z ~ N(0, R), Q_j each column's own distribution.

    Q_j interpolates between the rows, keeps the share of a value that repeats, and whole numbers whole. R is the
    correlation of the normal scores Phi^-1((rank - 1/2) / n). Nelsen, An Introduction to Copulas, 2006; Patki, Wedge
    and Veeramachaneni, "The Synthetic Data Vault", DSAA 2016.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
        from scipy.special import ndtr, ndtri
        from scipy.stats import rankdata

        scores = ndtri((rankdata(train, axis=0) - 0.5) / len(train))
        spread = scores.std(axis=0)
        unit = (scores - scores.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        correlation = unit.T @ unit / len(train)
        np.fill_diagonal(correlation, 1.0)  # of a column without spread too
        z = random.multivariate_normal(np.zeros(len(spread)), correlation, n, check_valid="ignore", method="svd")
        return np.column_stack([Quantiles.fit(column).at(ndtr(of)) for column, of in zip(train.T, z.T, strict=True)])
