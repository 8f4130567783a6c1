"""Scaling of rows before training, by statistics of the training rows only."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from vaebench.rows import Rows
from vaebench.study.spec import Scaling


@dataclass(frozen=True)
class Scaler:
    """scaled = (x - shift) / scale, column by column. A constant column has scale 1."""

    shift: Rows  # [F]
    scale: Rows  # [F]

    @classmethod
    def fit(cls, scaling: Scaling, train: Rows) -> Self:
        """Fit to training rows [N, F]: `standard` to mean 0 and std 1, `minmax` to [0, 1], `none` leaves them.

        >>> Scaler.fit("minmax", np.array([[10.0], [30.0]])).transform(np.array([[15.0]]))
        array([[0.25]])
        """
        if scaling == "standard":
            shift, scale = train.mean(axis=0), train.std(axis=0)
        elif scaling == "minmax":
            shift, scale = train.min(axis=0), np.ptp(train, axis=0)
        else:
            shift, scale = np.zeros(train.shape[1]), np.ones(train.shape[1])
        return cls(shift, np.where(np.ptp(train, axis=0) > 0, scale, 1.0))  # std of equal numbers may not be exactly 0

    def transform(self, x: Rows) -> Rows:
        """Scale rows [n, F]."""
        return (x - self.shift) / self.scale

    def inverse(self, scaled: Rows) -> Rows:
        """Return scaled rows [n, F] in the data's own units."""
        return scaled * self.scale + self.shift
