"""A normal distribution of columns that powers have made as normal as they can."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.rows import Rows

ROUNDS = 100
"""Times that rows are drawn again in place of those out of reach, which are few."""


@dataclass(frozen=True)
class PowerNormal(Baseline):
    """Draws of a multivariate normal of power-transformed columns: Box-Cox where all are positive, else Yeo-Johnson.

    Each column's power has the largest likelihood; mean and covariance are those of the transformed rows. Undoing a
    power can blow a tail up, so rows that are further beyond the smallest or largest training value than these are from
    each other are drawn again. Box and Cox, JRSS B 26, 1964; Yeo and Johnson, Biometrika 87, 2000.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns).

        Raises ValueError where next to none of the normal's rows can be undone.
        """
        low, high = train.min(axis=0), train.max(axis=0)
        reach = high - low
        powers = [_Power(column) for column in train.T]
        normal = np.column_stack([power.apply(column) for power, column in zip(powers, train.T, strict=True)])
        mean, covariance = normal.mean(axis=0), np.atleast_2d(np.cov(normal, rowvar=False, ddof=0))
        kept = np.empty((0, train.shape[1]))
        for _ in range(ROUNDS):
            z = random.multivariate_normal(mean, covariance, n, check_valid="ignore", method="svd")
            rows = np.column_stack([power.undo(of) for power, of in zip(powers, z.T, strict=True)])
            within = (rows >= low - reach) & (rows <= high + reach)  # NaN, where nothing has that power, is not
            kept = np.concatenate([kept, rows[within.all(axis=1)]])
            if len(kept) >= n:
                return kept[:n]
        raise ValueError(f"only {len(kept)} of {ROUNDS * n} rows of the normal can be undone")


class _Power:
    """The power transformation of a column, in units in which its exponent stays small; none of a constant column."""

    def __init__(self, column: Rows) -> None:
        from sklearn.preprocessing import PowerTransformer

        positive = bool((column > 0).all())
        self._centre = 0.0 if positive else float(column.mean())
        self._unit = float(np.exp(np.log(column).mean())) if positive else float(column.std())
        self._fitted: Any = None
        if np.ptp(column) > 0:
            self._fitted = PowerTransformer("box-cox" if positive else "yeo-johnson")
            self._fitted.fit(self._scaled(column))

    def apply(self, column: Rows) -> Rows:
        """Transform a column, shape (rows,)."""
        return column if self._fitted is None else np.asarray(self._fitted.transform(self._scaled(column))[:, 0])

    def undo(self, column: Rows) -> Rows:
        """Invert `apply`; NaN or infinite where no value is transformed to this one."""
        if self._fitted is None:
            return column
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NaN, which are drawn again
            return np.asarray(self._fitted.inverse_transform(column[:, None])[:, 0]) * self._unit + self._centre

    def _scaled(self, column: Rows) -> Rows:
        return ((column - self._centre) / self._unit)[:, None]
