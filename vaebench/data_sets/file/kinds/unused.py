"""Columns that nothing is learned from: identifiers and constants, which are made anew, and free text, left out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vaebench.data_sets.file.kinds import Cells, Unused


@dataclass(frozen=True, kw_only=True)
class Identifier(Unused):
    """Row numbers, or other cells that are different in each row. Generated rows are numbered."""

    first: int = 1
    prefix: str = ""
    digits: int = 0
    """Numbers have at least so many digits, with zeros in front."""

    @property
    def range(self) -> str:
        """Return the first number that is made."""
        return f"made anew from {self._cell(self.first)}"

    @property
    def text(self) -> bool:
        """Whether its cells are read as they are written."""
        return not self._whole

    @property
    def _whole(self) -> bool:
        return "int" in self.dtype.lower() or "float" in self.dtype.lower()

    def _cell(self, number: int) -> str:
        return f"{self.prefix}{number:0{self.digits}}"

    def make(self, n: int) -> Cells:
        """Return `n` numbers in a row."""
        import pandas as pd

        numbers = np.arange(self.first, self.first + n)
        cells = numbers if self._whole else [self._cell(number) for number in numbers.tolist()]
        made: Cells = pd.Series(cells, name=self.name)
        return made.astype(self.dtype)


@dataclass(frozen=True, kw_only=True)
class Constant(Unused):
    """A column with the same cell in each row, or with empty cells alone."""

    value: Any
    """None: every cell is empty."""
    written: str = ""

    @property
    def range(self) -> str:
        """Return the value."""
        return f"always {self.value}" if self.value is not None else "always empty"

    def make(self, n: int) -> Cells:
        """Return `n` times the value."""
        import pandas as pd

        made: Cells = pd.Series([self.value] * n, name=self.name, dtype=object)
        return made.astype(self.dtype)

    def write(self, cells: Cells) -> Cells:
        """Return the value as the CSV has it."""
        import pandas as pd

        return pd.Series([self.written] * len(cells), name=self.name) if self.written else cells


@dataclass(frozen=True, kw_only=True)
class Text(Unused):
    """Free text, and cells of kinds that cannot be learned from."""

    @property
    def range(self) -> str:
        """Return what becomes of it."""
        return "left out"

    @property
    def text(self) -> bool:
        """Whether its cells are read as they are written."""
        return True

    def make(self, n: int) -> None:
        """Return nothing: it is left out."""
        return
