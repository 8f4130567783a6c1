"""How a CSV writes the numbers of a column: decimal comma, marks between thousands, currency, per cent, brackets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vaebench.data_sets.file.cells import MISSING, MONEY
from vaebench.data_sets.file.kinds import Cells

SPACES = " \u00a0\u202f"
MARKS = tuple((thousands, decimal) for decimal in ".," for thousands in ("", *",.'_", *SPACES) if thousands != decimal)
"""What may stand between thousands, and before decimals."""
AFFIXES = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+])?(?P<prefix>(?:{MONEY})?\s*)(?P<inner>[-+])?(?P<number>\d(?:[\d,.'_{SPACES}]*\d)?[.,]?|[.,]\d+)"
    rf"(?P<suffix>\s*(?:{MONEY}|%|[A-Za-zµ°²³/]{{1,8}})?)(?P<close>\))?"
)


Zeros = Literal["all", "one", "none"]


@dataclass(frozen=True)
class Style:
    """How numbers are written. A record keeps it as a list of its values."""

    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    brackets: bool = False
    """Whether negative numbers are in brackets."""
    gap: str = ""
    """What an empty cell is written as."""

    def read(self, cells: Cells) -> Cells:
        """Return the numbers that the cells are; NaN where one is empty."""
        return cells.map({cell: float(self.plain(cell)) for cell in cells.dropna().unique()}).astype("float64")

    def plain(self, cell: str) -> str:
        """Return a cell as Python writes numbers."""
        found = AFFIXES.fullmatch(cell.strip())
        if found is None or cell.strip() == self.gap:
            return "nan"
        number = found["number"].replace(self.thousands, "") if self.thousands else found["number"]
        negative = found["open"] or found["sign"] == "-" or found["inner"] == "-"
        return f"{'-' * bool(negative)}{number.replace(self.decimal, '.')}"

    def write(self, value: float, decimals: int | None, zeros: Zeros) -> str:
        """Return a number as it is written: with so many decimals, and zeros at their end where there would be."""
        if value != value:
            return self.gap
        text = f"{abs(value):,}" if decimals is None else f"{abs(value):,.{decimals}f}"
        if zeros != "all" and "." in text:
            text = text.rstrip("0")
            text = text.removesuffix(".") if zeros == "none" else text + "0" * text.endswith(".")
        marks = {",": self.thousands, ".": self.decimal}
        whole = f"{self.prefix}{''.join(marks.get(letter, letter) for letter in text)}{self.suffix}"
        if value < 0:
            return f"({whole})" if self.brackets else f"-{whole}"
        return whole


class TwoWays(ValueError):
    """Cells that two styles read differently; its arguments are the two."""


def style_of(cells: Sequence[str], declared: Mapping[str, Any], *, quoted: bool) -> Style | None:
    """Return how the different `cells` of a column write numbers; None if they are not all numbers.

    `quoted`: commas separate the cells of the file, so a comma within a number was put into quotes by a program that
    writes decimals with a point. Raises TwoWays where the cells can be read in two ways.
    """
    gaps = {cell for cell in cells if cell.lower() in MISSING}
    found = [AFFIXES.fullmatch(cell) for cell in cells if cell not in gaps]
    matched = [each for each in found if each is not None]
    if len(matched) < len(found) or not matched or len(gaps) > 1:
        return None
    affixes = {(each["prefix"], each["suffix"]) for each in matched}
    brackets = {bool(each["open"]) for each in matched if each["open"] or each["sign"] == "-" or each["inner"]}
    uneven = any(bool(each["open"]) != bool(each["close"]) for each in matched)
    if len(affixes) > 1 or len(brackets) > 1 or uneven:
        return None
    (prefix, suffix) = affixes.pop()
    numbers = [each["number"].strip() for each in matched]
    fitting = [
        Style(decimal, thousands, prefix, suffix, brackets == {True}, "".join(gaps))
        for thousands, decimal in MARKS
        if declared.get("decimal", decimal) == decimal
        and declared.get("thousands", thousands) == thousands
        and _fits(numbers, thousands, decimal)
    ]
    if len(fitting) > 1 and quoted:
        fitting = [style for style in fitting if style.thousands == ","] or fitting
    if len(fitting) > 1:
        raise TwoWays(*fitting[:2])
    return fitting[0] if fitting else None


def _fits(numbers: Sequence[str], thousands: str, decimal: str) -> bool:
    """Return whether all numbers can be written so; a mark between thousands, or a comma, has to be there."""
    end = rf"(?:{re.escape(decimal)}\d*)?"
    plain = re.compile(rf"\d+{end}|{re.escape(decimal)}\d+")
    if not thousands:
        used = decimal == "." or any("," in number for number in numbers)
        return used and all(map(plain.fullmatch, numbers))
    grouped = re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+{end}")
    small = re.compile(rf"\d{{1,3}}{end}|{re.escape(decimal)}\d+")
    if not any(map(grouped.fullmatch, numbers)):
        return False
    if decimal == "," and thousands != "." and not any("," in number for number in numbers):
        return False  # the same as with a point
    return all(grouped.fullmatch(number) or small.fullmatch(number) for number in numbers)
