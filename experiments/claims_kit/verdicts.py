"""Intervals over draws, paired comparisons corrected for their number, and the three words of a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from experiments.claims_kit.experiment import Word
from vaebench.scoring.intervals import interval
from vaebench.scoring.paired_tests import LEVEL


@dataclass(frozen=True)
class Estimate:
    """A mean over draws with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True)
class Compared:
    """Two cells on the same draws: the mean of first - second, and whether they can be told apart."""

    difference: Estimate
    p: float
    """Of the paired t-test, by Holm's procedure over all pairs that were compared together."""

    @property
    def lower(self) -> bool:
        """Whether the first is lower than the second, beyond chance."""
        return self.p <= LEVEL and self.difference.value < 0

    @property
    def higher(self) -> bool:
        """Whether the first is higher than the second, beyond chance."""
        return self.p <= LEVEL and self.difference.value > 0


def by_draw(frame: pd.DataFrame, metric: str, where: Mapping[str, Any] | None = None) -> pd.Series:
    """Return `metric` by draw where each column of `where` has its value; the mean, if several cells have them.

    A draw on which any of these cells failed is left out. Raises ValueError if no cell has these values.
    """
    rows = np.arange(len(frame))
    for column, value in (where or {}).items():
        rows = rows[frame[column].to_numpy()[rows] == value]
    if not len(rows):
        raise ValueError(f"no cell has {where}")
    values = pd.Series(frame[metric].to_numpy()[rows], index=frame["draw"].to_numpy()[rows]).rename_axis("draw")
    if values.index.is_unique:
        return values.dropna().sort_index()
    failed = values.index[values.isna()]
    return values.groupby(level=0).mean().drop(failed.unique())


def estimate(values: Sequence[float] | pd.Series) -> Estimate:
    """Return the mean of `values`, one a draw, with its interval (see vaebench.scoring.intervals)."""
    numbers = np.asarray(values, dtype=np.float64)
    return Estimate(float(numbers.mean()), *interval(numbers.tolist()))


def compared(
    pairs: Mapping[str, tuple[pd.Series, pd.Series]],
) -> dict[str, Compared]:
    """Compare each pair of `by_draw` on the draws that both have. All pairs of an experiment belong in one call."""
    differences = {name: (first - second).dropna() for name, (first, second) in pairs.items()}
    p_values = {name: float(stats.ttest_1samp(values, 0.0).pvalue) for name, values in differences.items()}
    adjusted = holm(p_values)
    return {name: Compared(estimate(values), adjusted[name]) for name, values in differences.items()}


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted by Holm's procedure (Scandinavian Journal of Statistics 6, 1979).

    >>> {name: round(p, 6) for name, p in holm({"a": 0.01, "b": 0.04, "c": 0.03}).items()}
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    known = {name: 1.0 if np.isnan(p) else p for name, p in p_values.items()}
    adjusted: dict[str, float] = {}
    largest = 0.0
    for place, name in enumerate(sorted(known, key=lambda name: known[name])):
        largest = max(largest, min(1.0, known[name] * (len(known) - place)))
        adjusted[name] = largest
    return adjusted


def word(*parts: bool) -> Word:
    """Return the verdict on a claim of several parts: it holds if all do, and partly if any does."""
    if all(parts):
        return "holds"
    return "holds partly" if any(parts) else "does not hold"
