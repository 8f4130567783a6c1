"""Columns of categories: texts, true and false, or other values that repeat and have no distances."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vaebench.data_sets.file.kinds import Cells, Used, Values

SHOWN = 4
"""Categories that are named; of more, the first."""


@dataclass(frozen=True, kw_only=True)
class Category(Used):
    """A column of categories. Code i stands for the i-th; a code behind the last stands for an empty cell, if any."""

    values: tuple[Any, ...]
    """The categories: texts, numbers, or True and False."""
    written: tuple[str, ...] = ()
    """The categories as a CSV has them; empty for Parquet."""
    ordered: bool = False
    """Whether pandas has them as ordered categories."""

    @property
    def text(self) -> bool:
        """Whether its cells are read as they are written."""
        return True

    @property
    def levels(self) -> int:
        """How many codes there are; an empty cell is one more category."""
        return len(self.values) + (self.empty > 0)

    @property
    def level_names(self) -> tuple[str, ...]:
        """Return the categories as they are written, and what a code behind the last stands for."""
        return (*map(str, self.written or self.values), *["(empty)"] * (self.empty > 0))

    @property
    def range(self) -> str:
        """Return the categories, or the first of them."""
        shown = [str(value) for value in (self.written or self.values)[:SHOWN]]
        more = f", and {len(self.values) - SHOWN} more" if len(self.values) > SHOWN else ""
        return f"{', '.join(shown)}{more}"

    def encode(self, cells: Cells) -> Values:
        """Return the code of each cell."""
        codes = cells.map({key: code for code, key in enumerate(self.written or self.values)})
        found: Values = codes.astype(np.float64).fillna(float(len(self.values))).to_numpy()
        return found

    def decode(self, values: Values) -> Cells:
        """Return the category of each code, the nearest one of numbers between codes."""
        import pandas as pd

        codes = np.clip(np.rint(values), 0, self.levels - 1).astype(int)
        if self.dtype == "category":
            codes = np.where(codes < len(self.values), codes, -1)
            made = pd.Categorical.from_codes(codes.tolist(), categories=pd.Index(self.values), ordered=self.ordered)
            return pd.Series(made, name=self.name)
        cells = np.array([*self.values, None], dtype=object)[codes]
        made_of: Cells = pd.Series(cells, name=self.name, dtype=object)
        return made_of.astype(self.dtype)

    def write(self, cells: Cells) -> Cells:
        """Return the categories as the CSV has them."""
        if not self.written or self.written == self.values:
            return cells
        return cells.astype(object).map(dict(zip(self.values, self.written, strict=True)))
