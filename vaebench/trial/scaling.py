"""Scaling of rows before training, by statistics of the training rows only, and its undoing as steps of a generator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from vaebench.generator import Steps
from vaebench.margins import Column
from vaebench.rows import ANY_VALUES, Rows, Support
from vaebench.study.spec import Scaling
from vaebench.study.support import ColumnSupport, kept_within, supports
from vaebench.trial import curves
from vaebench.trial.curves import Curve

Step = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Scaler:
    """scaled = (curve((x - origin) / unit) - shift) / scale, column by column. A constant column is only shifted.

    Undone, rows are kept within the support of each column (see vaebench.study.support).
    """

    origin: Rows  # [F]
    unit: Rows  # [F]
    curves: tuple[Curve | None, ...]
    shift: Rows  # [F]
    scale: Rows  # [F]
    supports: tuple[ColumnSupport, ...]

    @classmethod
    def fit(cls, scaling: Scaling, train: Rows, support: Support = ANY_VALUES) -> Self:
        """Fit to training rows [N, F]: `minmax` to [0, 1], `none` leaves them, all others to mean 0 and std 1.

        Raises InputError where a training row is outside its declared bounds.

        >>> Scaler.fit("minmax", np.array([[10.0], [30.0]])).transform(np.array([[15.0]]))
        array([[0.25]])
        """
        known = supports(support, train)
        fitted = [straightened(scaling, x, *each.reach) for x, each in zip(train.T, known, strict=True)]
        origin, unit = (np.array(part) for part in list(zip(*fitted, strict=True))[:2])
        found = tuple(curve for _, _, curve in fitted)
        y = _straight(train, origin, unit, found)
        if scaling == "none":
            shift, scale = np.zeros(y.shape[1]), np.ones(y.shape[1])
        elif scaling == "minmax":
            shift, scale = y.min(axis=0), np.ptp(y, axis=0)
        else:
            shift, scale = y.mean(axis=0), y.std(axis=0) * np.sign(unit)
        scale = np.where(np.ptp(y, axis=0) > 0, scale, 1.0)  # std of equal numbers may not be exactly 0
        return cls(origin, unit, found, shift, scale, known)

    def transform(self, x: Rows) -> Rows:
        """Scale rows [n, F]."""
        return (_straight(x, self.origin, self.unit, self.curves) - self.shift) / self.scale

    def inverse(self, scaled: Rows) -> Rows:
        """Return scaled rows [n, F] in the data's own units, within the support of each column."""
        rows: Rows = self.undo.take(scaled, np.random.default_rng(0))
        return rows

    @property
    def undo(self) -> Steps:
        """What undoes `transform`; no step is random."""
        steps: list[Step] = [("scale", {"factor": self.scale, "shift": self.shift})]
        for column, curve in enumerate(self.curves):
            if curve is not None:
                steps.append((curve.step, {"column": column, "ends": curve.ends, **curve.arguments}))
        if any(self.curves):
            steps.append(("scale", {"factor": self.unit, "shift": self.origin}))
        return Steps((*steps, *kept_within(self.supports).steps))


def straightened(scaling: Scaling, x: Column, low: float, high: float) -> tuple[float, float, Curve | None]:
    """Return origin, unit and curve of a column of training rows that can have values from `low` to `high`.

    `log` and `power` measure from an end, the nearer one of two; it is zero where all rows are positive and there is no
    other. `log` is the logit between two ends. Without an end `log` has no curve, and both have none for two values.
    """
    plain = 0.0, 1.0, None
    if scaling not in ("power", "quantile", "log") or np.ptp(x) == 0:
        return plain
    if scaling == "quantile":
        return 0.0, 1.0, curves.normal_scores(x)
    if len(np.unique(x)) < 3:
        return plain
    low = 0.0 if low == -np.inf and high == np.inf and x.min() > 0 else low
    median = float(np.median(x))
    if scaling == "log" and np.isfinite(high - low):
        on_an_end = x.min() == low or x.max() == high
        margin = (high - low) / (2 * len(x)) if on_an_end else 0.0
        origin, unit, curve = low - margin, high - low + 2 * margin, curves.logit
    elif np.isfinite(low) or np.isfinite(high):
        end, up = (low, 1) if median - low <= high - median else (high, -1)
        distances = np.abs(x - end)
        away = float(np.median(distances)) or float(distances.std())
        origin, unit = (end - up * away if distances.min() == 0 else end), up * away  # else log of 0
        curve = curves.log if scaling == "log" else curves.box_cox
    elif scaling == "power":
        origin, unit, curve = median, float(x.std()), curves.yeo_johnson
    else:
        return plain
    return origin, unit, curve((x - origin) / unit)


def _straight(x: Rows, origin: Rows, unit: Rows, found: tuple[Curve | None, ...]) -> Rows:
    if not any(found):
        return x
    u = (x - origin) / unit
    return np.stack([each if curve is None else curve(each) for each, curve in zip(u.T, found, strict=True)], axis=1)
