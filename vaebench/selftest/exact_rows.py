"""Gaussian rows without sampling error, so that closed forms hold exactly, not only on average."""

from dataclasses import dataclass

import numpy as np

from vaebench.data_sets import DataSet
from vaebench.rows import Draw, Rows

MEAN, STD = 100.0, 10.0


@dataclass(frozen=True)
class ExactRows(DataSet):
    """N(100, 10) with exact mean and standard deviation: row i of n is the quantile at probability (i - 1/2) / n.

    `correlation` adds a second column: the first one's quantiles in another order, made to correlate exactly so.
    """

    correlation: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """One column or two."""
        return ("x",) if self.correlation is None else ("x", "y")

    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int, generated: int) -> Draw:
        """Return `rows` training rows, and true samples. Test rows are the training rows."""
        train, exact, floor = (self._rows(n, random) for n in (rows, true, generated))
        return Draw(train, train, exact, floor)

    def _rows(self, n: int, random: np.random.Generator) -> Rows:
        from scipy.stats import norm

        quantiles = norm.ppf((np.arange(n) + 0.5) / n)
        if self.correlation is None:
            z = (quantiles / quantiles.std())[:, None]
        else:
            z = np.stack([quantiles, random.permutation(quantiles)], axis=1)
            z = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z, rowvar=False, ddof=0))).T
            r = self.correlation
            z = z @ np.linalg.cholesky(np.array([[1.0, r], [r, 1.0]])).T
        rows: Rows = MEAN + STD * z
        return rows
