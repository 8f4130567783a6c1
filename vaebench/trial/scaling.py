"""Scaling of rows before training, by statistics of the training rows only, and its undoing as steps of a generator.

Columns of any kind are opened first into numbers without gaps: see vaebench.trial.wide_rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from vaebench.generator import Steps
from vaebench.margins import Column
from vaebench.rows import ANY_VALUES, Draw, Rows, Support
from vaebench.study.spec import Scaling
from vaebench.study.support import ColumnSupport, kept_within, supports
from vaebench.trial import curves
from vaebench.trial.curves import Curve
from vaebench.trial.level_noise import LevelNoise
from vaebench.trial.wide_rows import WideRows

Step = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Scaler:
    """scaled = (curve((x - origin) / unit) - shift) / scale, wide column by column. A constant one is only shifted.

    Undone, rows are kept within the support of each column (see vaebench.study.support).
    """

    wide: WideRows
    """What the F columns of rows are for networks: W columns, the same where rows are plain numbers."""
    origin: Rows  # [W]
    unit: Rows  # [W]
    curves: tuple[Curve | None, ...]
    shift: Rows  # [W]
    scale: Rows  # [W]
    supports: tuple[ColumnSupport, ...]
    """Of each wide column."""

    @classmethod
    def fit(cls, scaling: Scaling, train: Rows, support: Support = ANY_VALUES) -> Self:
        """Fit to training rows [N, F] alone.

        >>> Scaler.fit("minmax", np.array([[10.0], [30.0]])).transform(np.array([[15.0]]))
        array([[0.25]])
        """
        return cls.of(scaling, Draw(train, train[:0], train[:0], train[:0], support))

    @classmethod
    def of(cls, scaling: Scaling, draw: Draw) -> Self:
        """Fit to the training rows of a draw: `minmax` to [0, 1], `none` leaves them, all others to mean 0 and std 1.

        Numbers are scaled by their filled cells. Shares have no curve, and those of a column have variance 1 in all: a
        category weighs as much as a number. Raises InputError where a training row is outside its declared bounds.
        """
        wide = WideRows.of(draw)
        train, filled = wide.open(draw.train), wide.filled(draw.train)
        known = wide.of_numbers(supports(draw.support, draw.train), ColumnSupport())
        fitted = [
            straightened(scaling, x[there], *each.reach) if there.any() and not is_share else (0.0, 1.0, None)
            for x, there, each, is_share in zip(train.T, filled.T, known, wide.are_shares, strict=True)
        ]
        origin, unit = (np.array(part) for part in list(zip(*fitted, strict=True))[:2])
        found = tuple(curve for _, _, curve in fitted)
        y = _straight(train, origin, unit, found)
        shift, scale = _shift_and_scale(scaling, y, np.sign(unit))
        for j in np.flatnonzero(filled.any(axis=0) & ~filled.all(axis=0)):
            shift[[j]], scale[[j]] = _shift_and_scale(scaling, y[filled[:, j]][:, [j]], np.sign(unit[[j]]))
        if scaling not in ("none", "minmax"):
            for part in wide.shares:
                scale[part] = np.sqrt(y[:, part].var(axis=0).sum()) or 1.0
        return cls(wide, origin, unit, found, shift, scale, known)

    def transform(self, x: Rows) -> Rows:
        """Scale rows [n, F]: wide rows [n, W]."""
        return (_straight(self.wide.open(x), self.origin, self.unit, self.curves) - self.shift) / self.scale

    def inverse(self, scaled: Rows) -> Rows:
        """Return scaled wide rows [n, W] as rows [n, F] in the data's own units, within the support of each column.

        Of a category it is the level of the largest share.
        """
        rows: Rows = self.undo(self.wide.certain).take(scaled, np.random.default_rng(0))
        return rows

    def undo(self, noise: Sequence[LevelNoise]) -> Steps:
        """Return what undoes `transform`, levels drawn with `noise` (see WideRows.undo)."""
        steps: list[Step] = [("scale", {"factor": self.scale, "shift": self.shift})]
        for column, curve in enumerate(self.curves):
            if curve is not None:
                steps.append((curve.step, {"column": column, "ends": curve.ends, **curve.arguments}))
        if any(self.curves):
            steps.append(("scale", {"factor": self.unit, "shift": self.origin}))
        return Steps((*steps, *kept_within(self.supports).steps, *self.wide.undo(noise).steps))


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


def _shift_and_scale(scaling: Scaling, y: Rows, sign: Rows) -> tuple[Rows, Rows]:
    """Return what takes straight rows to their scale, for each column; 1 for a constant one."""
    if scaling == "none":
        return np.zeros(y.shape[1]), np.ones(y.shape[1])
    if scaling == "minmax":
        shift, scale = y.min(axis=0), np.ptp(y, axis=0)
    else:
        shift, scale = y.mean(axis=0), y.std(axis=0) * sign
    return shift, np.where(np.ptp(y, axis=0) > 0, scale, 1.0)  # std of equal numbers may not be exactly 0
