"""The kinds of columns that a table can have: how a cell becomes a number, and a number a cell again.

number    continuous, integer
style     how a CSV writes numbers
category  few texts, true and false, or other values without an order
moment    dates, times
unused    identifiers, constants and free text, which nothing is learned from
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Cells = Any
"""The cells of a column: a pandas.Series."""
Values = NDArray[np.float64]
"""A column as numbers, shape (rows,); an empty cell is NaN."""


@dataclass(frozen=True, kw_only=True)
class Column(ABC):
    """What is known of one column of a table. It is plain: a study's record keeps it."""

    name: str
    kind: str
    why: str
    """Why it is of this kind, in words."""
    dtype: str
    """What pandas calls the type of its cells."""
    distinct: int
    """How many different values it has."""
    empty: int = 0
    """How many of its cells are empty."""
    declared: bool = False
    """Whether the study file says its kind or how it is read."""
    used: ClassVar[bool]
    """Whether it is learned from."""

    @property
    def text(self) -> bool:
        """Whether its cells are read from a CSV as they are written, not as numbers."""
        return False

    @property
    def range(self) -> str:
        """Its values in a few words; empty if there is nothing to say."""
        return ""

    @property
    def levels(self) -> int:
        """How many categories it has; 0 if it has an order."""
        return 0

    @property
    def level_names(self) -> tuple[str, ...]:
        """What its codes stand for."""
        return ()

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    def write(self, cells: Cells) -> Cells:
        """Return decoded cells as the CSV has them."""
        return cells


@dataclass(frozen=True, kw_only=True)
class Used(Column):
    """A column that is learned from."""

    used: ClassVar[bool] = True

    @abstractmethod
    def encode(self, cells: Cells) -> Values:
        """Return the number of each cell."""

    @abstractmethod
    def decode(self, values: Values) -> Cells:
        """Return the cell of each number, of the column's own type. Each is one that the column could have."""


@dataclass(frozen=True, kw_only=True)
class Unused(Column):
    """A column that nothing is learned from."""

    used: ClassVar[bool] = False

    @abstractmethod
    def make(self, n: int) -> Cells | None:
        """Return `n` cells; None if it is left out."""
