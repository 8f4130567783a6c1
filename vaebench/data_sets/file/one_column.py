"""Makes a column of each kind from the cells of a table's column."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaebench.data_sets.file.cells import SOME_COLUMNS
from vaebench.data_sets.file.cells import is_number as is_written
from vaebench.data_sets.file.kinds import Cells, Column, Values
from vaebench.data_sets.file.kinds.category import Category
from vaebench.data_sets.file.kinds.moment import Moment, moments, padding, step_of
from vaebench.data_sets.file.kinds.number import Number, decimals_of
from vaebench.data_sets.file.kinds.style import Style, Zeros
from vaebench.data_sets.file.kinds.unused import Constant, Identifier, Text
from vaebench.errors import InputError

CODE = re.compile(r"0\d+")
NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d+)")


def is_number(cells: Cells) -> bool:
    """Return whether pandas has the cells of a column as real numbers."""
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

    kind = cells.dtype
    return is_numeric_dtype(kind) and not is_bool_dtype(kind) and not is_complex_dtype(kind)


@dataclass(frozen=True)
class AsText:
    """A column as a CSV has it."""

    all: Callable[[], Cells]
    """Reads all its cells."""
    first: Sequence[str]
    """The first of them, without empty ones."""
    quoted: bool = True
    """Whether commas separate the cells."""


class OneColumn:
    """The cells of one column, and the columns of each kind that they can be."""

    def __init__(self, cells: Cells, text: AsText | None, where: str) -> None:
        self.name, self.cells, self.where = str(cells.name), cells, where
        self.is_number = is_number(cells)
        self.csv = text
        first = None if text is None else text.first
        self.written = first if first is None or not self.is_number else [cell for cell in first if is_written(cell)]
        self.quoted = text is not None and text.quoted
        self.filled = cells.dropna()
        self.empty = len(cells) - len(self.filled)
        try:
            self.different = list(self.filled.unique())
        except TypeError:  # lists, tables within cells
            raise InputError(
                f"{where}: column {self.name!r} holds {type(self.filled.iloc[0]).__name__}s in its cells, which are no "
                f"table's: choose others with {SOME_COLUMNS}"
            ) from None
        self.distinct = len(self.different)

    @property
    def at(self) -> str:
        """The column, for a message."""
        return f"{self.where}: column {self.name!r}"

    @property
    def values(self) -> Values:
        """Its numbers, without empty cells."""
        with np.errstate(invalid="ignore"):
            found: Values = self.filled.to_numpy(dtype=np.float64, na_value=np.nan)
        return found

    @property
    def whole(self) -> bool:
        """Whether all of them are whole."""
        return bool((self.values == np.rint(self.values)).all())

    def about(self, kind: str, why: str, declared: bool = False, dtype: str = "") -> dict[str, Any]:
        """Return what every kind of column has."""
        return {
            "name": self.name,
            "kind": kind,
            "why": why,
            "dtype": dtype or str(self.cells.dtype),
            "distinct": self.distinct,
            "empty": self.empty,
            "declared": declared,
        }

    def number(
        self, kind: str, why: str, *, declared: bool = False, style: Style | None = None, dtype: str = ""
    ) -> Number:
        """Return it as a column of numbers."""
        values, decimals = self.values, 0 if kind == "integer" else decimals_of(self.values, self.written)
        dtype = dtype or str(self.cells.dtype)
        if kind == "integer" and self.csv and dtype.startswith("float"):
            dtype = "Int64" if self.empty else "float64"
        low, high = (float(end) for end in (values.min(initial=np.inf), values.max(initial=-np.inf)))
        ends = {len(cell) - cell.rfind(".") - 1 if "." in cell else 0 for cell in self.written or ()}
        about = self.about(kind, why, declared, dtype)
        zeros: Zeros = "none" if 0 in ends else "one"
        if decimals and ends == {decimals} and any(cell.endswith("0") for cell in self.written or ()):
            zeros = "all" if decimals > 1 else "one"
        return Number(**about, low=low, high=high, decimals=decimals, zeros=zeros, style=style)

    def category(self, why: str, *, declared: bool = False) -> Category:
        """Return it as a column of categories, in their order."""
        if self.csv:
            return self._as_written(why, declared, tuple(sorted(self.csv.all().dropna().unique())))
        dtype, ordered = str(self.cells.dtype), False
        if dtype == "category":
            present = set(self.different)
            values = [value for value in self.cells.cat.categories if value in present]
            ordered = bool(self.cells.cat.ordered)
        else:
            values = sorted(self.different, key=lambda value: (isinstance(value, str), value))
        plain = [value.item() if isinstance(value, np.generic) else value for value in values]
        if not all(isinstance(value, str | int | float) for value in plain):
            raise InputError(f"{self.at}: categories are texts, numbers, or true and false")
        return Category(**self.about("category", why, declared, dtype), values=tuple(plain), ordered=ordered)

    def _as_written(self, why: str, declared: bool, written: tuple[str, ...]) -> Category:
        import pandas as pd

        found: tuple[Any, ...] = written
        dtype = "object"
        if {text.strip().lower() for text in written} <= {"true", "false"}:
            found = tuple(text.strip().lower() == "true" for text in written)
            dtype = "boolean" if self.empty else "bool"
        elif not any(CODE.fullmatch(text) for text in written):
            numbers = pd.to_numeric(pd.Series(written), errors="coerce")
            if numbers.notna().all():
                found, dtype = tuple(numbers.tolist()), str(numbers.dtype)
                dtype = "Int64" if self.empty and dtype == "int64" else dtype
                order = np.argsort(numbers.to_numpy(), kind="stable")
                found, written = tuple(found[at] for at in order), tuple(written[at] for at in order)
        return Category(**self.about("category", why, declared, dtype), values=found, written=written)

    def moment(self, why: str, form: str, *, declared: bool = False) -> Moment:
        """Return it as a column of dates or times, which a CSV writes in the format `form`."""
        import pandas as pd

        try:
            found = moments(self.cells, form)
        except (ValueError, TypeError) as error:
            said = str(error).partition(". You might")[0].partition(", at position")[0]
            raise InputError(f"{self.at} cannot be read as dates: {said}") from None
        dtype = "datetime64[ns]" if form else str(self.cells.dtype)
        if not form and dtype == "object":
            dtype = "date"
        low, high = found.min(), found.max()
        step = step_of(found)
        if pd.isna(low):
            raise InputError(f"{self.at} has no dates")
        return Moment(
            **self.about("datetime", why, declared, dtype),
            first=low.isoformat(),
            last=high.isoformat(),
            step=step,
            format=form,
            padded=padding(self.filled, form) if form else True,
        )

    def constant(self) -> Column:
        """Return it as a column of one value."""
        value = self.different[0] if self.distinct else None
        plain = value.item() if isinstance(value, np.generic) else value
        if not isinstance(plain, str | int | float | None):
            return Text(**self.about("text", "one value in all rows, of a kind that cannot be kept"))
        written = self.written[0] if self.written else ""
        why = "one value in all rows" if self.distinct else "all its cells are empty"
        return Constant(**self.about("constant", why), value=plain, written=written)

    def identifier(self, why: str, *, declared: bool = False) -> Identifier:
        """Return it as a column whose cells are numbered anew."""
        about = self.about("identifier", why, declared)
        if self.is_number:
            return Identifier(**about, first=int(self.values.min()) if self.distinct else 1)
        found = [NUMBERED.fullmatch(str(value)) for value in self.different]
        matched = [each for each in found if each is not None]
        prefixes = {each["prefix"] for each in matched}
        if len(matched) < len(found) or len(prefixes) != 1:
            return Identifier(**about)
        numbers = [each["number"] for each in matched]
        padded = any(number.startswith("0") for number in numbers)
        return Identifier(
            **about, first=min(map(int, numbers)), prefix=prefixes.pop(), digits=len(numbers[0]) if padded else 0
        )

    def free_text(self, why: str, *, declared: bool = False) -> Text:
        """Return it as a column that is left out."""
        return Text(**self.about("text", why, declared))
