"""Probabilistic principal component analysis with the number of components chosen by BIC."""

from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Rows


@dataclass(frozen=True)
class ProbabilisticPca(Baseline):
    """Draws of probabilistic PCA: x = m + W z + e, z ~ N(0, I_q), e ~ N(0, s2 I). One column makes it a Gaussian.

    Maximum likelihood on standardised columns: S = W W' + s2 I keeps the q largest eigenvalues of the correlation
    matrix, and s2 is the mean of the others; q from 0 to columns - 1 has the lowest BIC. Tipping and Bishop, JRSS B
    61(3), 1999; Schwarz, Annals of Statistics 6, 1978.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
        spread = train.std(axis=0)
        unit = np.where(spread > 0, spread, 1.0)  # columns have different units, the noise has one
        correlation = np.atleast_2d(np.cov(train / unit, rowvar=False, ddof=0))
        values, vectors = np.linalg.eigh(correlation)  # ascending
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        q = components(values, len(train))
        std = np.sqrt(np.concatenate([values[:q], np.full(len(values) - q, values[q:].mean())]))
        z = random.standard_normal((n, len(values)))
        rows: Rows = train.mean(axis=0) + (z * std) @ vectors.T * unit
        return rows


def components(values: Rows, rows: int) -> int:
    """Return the number of components of lowest BIC, from the eigenvalues of the covariance, largest first.

    With d columns, q components have the likelihood -rows/2 * (d log 2 pi + sum_{j <= q} log l_j + (d - q) log s2 + d)
    and d + dq - q(q - 1)/2 + 1 free parameters (Tipping and Bishop, section 3.3). Rows that span r < d dimensions have
    an unbounded likelihood from q = r on, so q stays below r.
    """
    d = len(values)
    span = int(np.sum(values > d * np.finfo(float).eps * values[0]))
    best, lowest = 0, np.inf
    for q in range(span):
        deviance = rows * (np.log(values[:q]).sum() + (d - q) * np.log(values[q:].mean()))
        bic = deviance + (d * q - q * (q - 1) / 2) * np.log(rows)
        if bic < lowest:
            best, lowest = q, bic
    return best
