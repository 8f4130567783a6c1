"""Columns of numbers: continuous, or whole."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaebench.data_sets.file.kinds import Cells, Used, Values
from vaebench.data_sets.file.kinds.style import Style, Zeros

MOST_DECIMALS = 12
"""Numbers with more are written as exactly as they can be: they were not rounded."""


@dataclass(frozen=True, kw_only=True)
class Number(Used):
    """A column of numbers with so many decimals; `kind` is continuous or integer."""

    low: float
    high: float
    decimals: int | None = None
    """None: as many as there are."""
    zeros: Zeros = "one"
    """How a CSV writes the numbers that need fewer: with all decimals (3.00), with one (3.0) or with none (3)."""
    style: Style | None = None
    """How a CSV writes them, if not with a point and nothing else."""

    @property
    def text(self) -> bool:
        """Whether its cells are read as they are written."""
        return self.style is not None

    @property
    def range(self) -> str:
        """Return its smallest and largest number, and its decimals."""
        decimals = f", {self.decimals} decimal{'s' * (self.decimals > 1)}" if self.decimals else ""
        style = f", as {self.style.write(self.high, self.decimals, self.zeros)}" if self.style else ""
        return f"{self.low:.10g} to {self.high:.10g}{decimals}{style}"

    def encode(self, cells: Cells) -> Values:
        """Return the numbers."""
        cells = cells if self.style is None else self.style.read(cells)
        with np.errstate(invalid="ignore"):  # of a NaN that signals
            found: Values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
        return found

    def decode(self, values: Values) -> Cells:
        """Return the numbers, rounded to the column's decimals, within what its type can hold."""
        import pandas as pd

        rounded = values if self.decimals is None else np.round(values, self.decimals) + 0.0  # not -0.0
        cells: Cells = pd.Series(rounded, name=self.name)
        if self.kind == "integer" and "int" in self.dtype.lower():
            limits = np.iinfo(self.dtype.lower().partition("[")[0])
            whole = cells.round().clip(limits.min, limits.max)
            return whole.astype("Int64").astype(self.dtype) if cells.isna().any() else whole.astype(self.dtype)
        return cells.astype(self.dtype)

    def write(self, cells: Cells) -> Cells:
        """Return the numbers as the CSV has them."""
        if self.style is None and (self.zeros == "one" or not self.decimals):
            return cells
        style = self.style or Style()
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan).tolist()
        written = [style.write(value, self.decimals, self.zeros) for value in values]
        return cells.astype(object).where(cells.isna() & (style.gap == ""), written)


def decimals_of(values: Values, written: Sequence[str] | None) -> int | None:
    """Return how many decimals the numbers of a column have: None if they have all that a float can have.

    `written` has the first of them as a CSV has them.
    """
    values = values[np.isfinite(values)]
    if written is not None and any("e" in cell.lower() for cell in written):
        return None
    marks = [cell.strip().rfind(".") for cell in written or ()]
    ends = [len(cell.strip()) - mark - 1 for cell, mark in zip(written or (), marks, strict=True) if mark >= 0]
    least = max(ends, default=0)
    if least == 1 and (values == np.rint(values)).all():
        return 0  # as pandas writes whole numbers that are floats
    for decimals in range(least, MOST_DECIMALS + 1):
        scaled = values * 10.0**decimals
        if (np.abs(scaled - np.rint(scaled)) <= 1e-6 + 4e-16 * np.abs(scaled)).all():
            return decimals if np.abs(scaled).max(initial=0) < 2.0**53 else None
    return None
