"""Which kind each column of a table is of, from its cells."""

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaebench.data_sets.file.cells import DATE, SOME_COLUMNS, looks_like_a_number, way_out
from vaebench.data_sets.file.kinds import Cells, Column
from vaebench.data_sets.file.kinds.moment import formats_of
from vaebench.data_sets.file.kinds.number import Number
from vaebench.data_sets.file.kinds.style import TwoWays, style_of
from vaebench.data_sets.file.one_column import CODE, AsText, OneColumn
from vaebench.errors import InputError

KINDS = ("continuous", "integer", "category", "datetime", "identifier", "text")
"""The kinds that a study file can declare."""
MOST_CATEGORIES = 100
"""A column with more different texts is free text, if it is not declared."""
MOST_CODES = 1000
"""No column has more categories than this."""
FEWEST_ROWS = 10
"""In fewer rows, numbers that increase by 1 are no row numbers yet."""
IDENTIFYING = re.compile(r"(?i)(?:.*[\W_])?(?:id|uuid|guid|key)|.*[a-z]I[Dd]")
"""Names of columns that identify their rows."""


def infer(cells: Cells, text: AsText | None, declared: Mapping[str, Any], where: str) -> Column:
    """Return what a column is. `text` returns all its cells as a CSV has them; None for Parquet.

    `declared` is what the study file says of it: its kind, the format of its dates. Raises InputError where the cells
    are not of the declared kind, or can be read in two ways.
    """
    column = _Kinds(cells, text, where)
    if declared:
        return column.as_declared(declared)
    return column.inferred()


class _Kinds(OneColumn):
    """The cells of one column, and which kind they are of."""

    def inferred(self) -> Column:
        if self.distinct < 2:
            if self.distinct == 0 or not self.empty:
                return self.constant()
            return self.category("one value, and empty cells")
        if self.is_number:
            return self._of_numbers()
        kind = str(self.cells.dtype)
        if kind == "category" or kind in ("bool", "boolean"):
            return self.category("categories in the file" if kind == "category" else "true and false")
        if kind.startswith("datetime64"):
            return self.moment("dates in the file", "")
        if kind.startswith(("timedelta", "period", "interval", "complex")):
            return self.free_text(f"{kind} cells cannot be learned from")
        return self._of_objects()

    def as_declared(self, declared: Mapping[str, Any]) -> Column:
        kind = declared.get("kind")
        if kind is None and "format" in declared:
            kind = "datetime"
        if "decimal" in declared or "thousands" in declared:
            return self._styled(declared) or self._refused()
        if kind == "datetime":
            return self.moment("declared", self._declared_format(declared), declared=True)
        if "format" in declared:
            raise InputError(f"{self.at}: format is for dates, and it is declared as {kind}")
        if kind in ("continuous", "integer"):
            if not self.is_number and self.csv and (styled := self._styled(declared)):
                return styled
            if not self.is_number:
                raise InputError(
                    f"{self.at} is declared as {kind}, and has cells that are no numbers "
                    f"(such as {str(self.different[0])!r})"
                )
            if kind == "integer" and not self.whole:
                raise InputError(f"{self.at} is declared as integer, and has numbers that are not whole")
            return self.number(kind, "declared", declared=True)
        if kind == "category":
            if self.distinct > MOST_CODES:
                raise InputError(
                    f"{self.at} is declared as category, and has {self.distinct} different values: at most "
                    f"{MOST_CODES} are possible; join rare ones, or declare it as text, which is left out"
                )
            return self.category("declared", declared=True)
        if kind == "identifier":
            return self.identifier("declared", declared=True)
        return self.free_text("declared", declared=True)

    def _of_numbers(self) -> Column:
        values, rows = self.values, len(self.cells)
        whole = self.whole
        if whole and self.distinct == rows >= FEWEST_ROWS and not self.empty:
            if values.max() - values.min() == rows - 1:
                return self.identifier("it numbers the rows")
            if IDENTIFYING.fullmatch(self.name):
                return self.identifier("its name, and no two rows have the same")
        codes = [cell for cell in self.written or () if CODE.fullmatch(cell.strip())]
        if codes and self.distinct <= min(MOST_CATEGORIES, rows // 2):
            return self.category(f"codes such as {codes[0].strip()}")
        if whole and not any("." in cell or "e" in cell.lower() for cell in self.written or ()):
            return self.number("integer", "whole numbers")
        return self.number("continuous", "numbers")

    def _of_objects(self) -> Column:
        import datetime

        first = self.different[0]
        if all(isinstance(value, bool | np.bool_) for value in self.different):
            return self.category("true and false")
        if all(type(value) is datetime.date for value in self.different):
            return self.moment("dates in the file", "")
        if not all(isinstance(value, str) for value in self.different):
            return self.free_text(f"{type(first).__name__} cells cannot be learned from")
        if self.csv and {value.strip().lower() for value in self.different} <= {"true", "false"}:
            return self.category("true and false")
        if self.csv and (form := self._format()):
            return self.moment("dates" if "%d" in form else "times", form)
        if self.csv and (styled := self._styled({})):
            return styled
        if self.csv and sum(map(looks_like_a_number, self.different)) >= self.distinct / 2:
            return self._refused()
        if sum(DATE.fullmatch(value.strip()) is not None for value in self.different) >= self.distinct / 2:
            dates = [value for value in self.different if DATE.fullmatch(value.strip())]
            raise InputError(
                f"{self.at}: its dates, such as {dates[0]!r}, are not all of one format, or of one that is not known; "
                f'say which under [data.columns]: "{self.name}" = {{ format = "%Y-%m-%dT%H:%M:%S%z" }}, say, or '
                '{ kind = "text" } to leave it out'
            )
        return self._of_texts()

    def _styled(self, declared: Mapping[str, Any]) -> Number | None:
        """Return a column whose numbers are written with more than a point; None if they are no numbers."""
        different = [str(cell).strip() for cell in self.different]
        try:
            style = style_of(different, declared, quoted=self.quoted)
        except TwoWays as two:
            cell = next(cell for cell in different if len({style.plain(cell) for style in two.args}) > 1)
            ways = " or ".join(
                f"{style.plain(cell)}, with {{ thousands = {json.dumps(style.thousands, ensure_ascii=False)} }}"
                if style.thousands
                else f"{style.plain(cell)}, with {{ decimal = {json.dumps(style.decimal)} }}"
                for style in two.args
            )
            raise InputError(f"{self.at}: {cell!r} is {ways}? Say which under [data.columns]") from None
        if style is None:
            return None
        numbers = style.read(self.cells)
        self.empty = int(numbers.isna().sum())
        self.filled = numbers.dropna()
        self.distinct -= bool(style.gap)
        self.written = [plain for cell in different if (plain := style.plain(cell)) != "nan"]
        whole = self.whole and not any("." in cell for cell in self.written)
        kind = str(declared.get("kind", "integer" if whole else "continuous"))
        dtype = ("Int64" if self.empty else "int64") if kind == "integer" else "float64"
        return self.number(kind, "numbers as written", declared=bool(declared), style=style, dtype=dtype)

    def _refused(self) -> Column:
        """Raise InputError for a column of which many cells are numbers, and others are not."""
        row, cell, hint = way_out(self.cells.to_frame())
        hint = hint or f"choose others with {SOME_COLUMNS}"
        raise InputError(
            f"{self.where}: not numeric: {self.name} (such as {cell!r} in row {row + 1} below the header); {hint}; or, "
            f'if its numbers are names, declare "{self.name}" = {{ kind = "category" }} under [data.columns]'
        )

    def _of_texts(self) -> Column:
        rows, filled = self.distinct, len(self.filled)
        if rows == filled and filled >= FEWEST_ROWS:
            if not any(re.search(r"\s", value) for value in self.different):
                return self.identifier("a different code in each row")
            return self.free_text("a different text in each row")
        if self.distinct <= min(MOST_CATEGORIES, max(filled // 2, 2)):
            return self.category(f"{self.distinct} texts that repeat")
        return self.free_text(f"{self.distinct} different texts in {filled} rows")

    def _declared_format(self, declared: Mapping[str, Any]) -> str:
        """Return how a column that is declared as dates is written. Raises InputError where that is not seen."""
        if not self.csv or "format" in declared:
            return str(declared.get("format", ""))
        if not (form := self._format()):
            raise InputError(
                f"{self.at} cannot be read as dates (such as {str(self.different[0])!r}): say how they are written, "
                'with format = "%Y-%m-%d", say'
            )
        return form

    def _format(self) -> str:
        """Return the one format of dates that all cells have; empty if there is none."""
        found = formats_of(self.filled.astype(str)) if not self.is_number else []
        if len(found) > 1:
            example = str(self.different[0])
            two = " or ".join(f'"{form}"' for form in found[:2])
            raise InputError(
                f"{self.at}: its dates, such as {example!r}, can be read in two ways; say which under [data.columns]: "
                f'"{self.name}" = {{ format = ... }}, with {two}'
            )
        return found[0] if found else ""
