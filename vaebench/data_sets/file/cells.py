"""What to do about a cell that is no number: spreadsheets write numbers in many ways."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

SOME_COLUMNS = "file = { path = ..., columns = [...] }"
"""How a study file names the columns that it uses."""
MONEY = r"[$€£¥₹₽₩₺฿₫₴₪]|\b(?:USD|EUR|GBP|CHF|JPY)\b"
NUMBER = r"[-+]?(?:\d[\d,.' \u00a0\u202f]*|\.\d+)(?:[eE][-+]?\d+)?"
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
COMMA = re.compile(r"[-+]?\d*,\d+")
MIXED = re.compile(r"[-+]?\d{1,3}(\.\d{3})+,\d*")
SPACED = re.compile(r"[-+]?\d{1,3}([' \u00a0\u202f_]\d{3})+([.,]\d*)?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2})?.*")
MISSING = ("?", "-", "--", ".", "*", "missing", "unknown", "na", "none", "n.a.", "n. a.", "k.a.")
TRUTH = ("true", "false", "yes", "no", "y", "n", "t", "f")


def way_out(text: "pd.DataFrame") -> tuple[int, str, str]:
    """Return where the first column of `text`, columns that are not numeric, has its first such cell, and what it says.

    The third value says what to do about it; empty where nothing is known.
    """
    bad = {name: _not_numbers(text[name]) for name in text.columns}
    first = text.columns[0]
    row = int(bad[first].argmax())
    column = [str(cell).strip() for cell in text[first].iloc[np.flatnonzero(bad[first])]]
    cell = str(text[first].iloc[row])
    if (
        row == 0
        and len(text) > 1
        and not re.search(r"\d", cell)
        and all(each.sum() == 1 and each[0] for each in bad.values())
    ):
        return row, cell, "does that row hold units? Delete it"
    return row, cell, _advice(cell.strip(), column)


def _not_numbers(column: "pd.Series[Any]") -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Return which cells of a column are there and no number; all, if numbers of a kind that cannot be used."""
    filled = column.notna().to_numpy()
    wrong = np.array([not isinstance(cell, str) or not is_number(cell) for cell in column], dtype=bool) & filled
    return wrong if wrong.any() else np.ones(len(column), dtype=bool)


def is_number(cell: str) -> bool:
    """Return whether a cell can be read as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def looks_like_a_number(cell: str) -> bool:
    """Return whether a cell is a number, perhaps with a currency, a unit or marks between thousands."""
    bare = str(cell).strip()
    return is_number(bare) or bool(_number(bare)) or any(form.fullmatch(bare) for form in (MIXED, SPACED, COMMA))


def _advice(cell: str, column: Sequence[str]) -> str:
    """Return what to do about `cell`; `column` has all cells of its column that are no numbers."""
    if all(THOUSANDS.fullmatch(other) for other in column):
        plain = cell.replace(",", "")
        return f"commas separate thousands there: write {plain} for {cell!r}, without the comma (never a point)"
    if MIXED.fullmatch(cell):
        plain = cell.replace(".", "").replace(",", ".")
        return f"points separate thousands there, and a comma decimals: write {plain} for {cell!r}"
    if COMMA.fullmatch(cell):
        return f"a point is expected in numbers: write {cell.replace(',', '.')} for {cell!r}"
    if SPACED.fullmatch(cell):
        plain = re.sub(r"[' \u00a0\u202f_]", "", cell).replace(",", ".")
        return f"nothing may separate thousands: write {plain} for {cell!r}"
    if number := _number(cell):
        return f"numbers alone are expected, with the unit in the column's name: write {number} for {cell!r}"
    if cell.lower() in MISSING:
        return f"is {cell!r} a missing value? Fill it, or leave out the row"
    if all(other.lower() in TRUTH for other in column):
        return "write 1 and 0"
    if DATE.fullmatch(cell):
        return "write dates and times as numbers, such as days since the first"
    if len(column) > 20 and len(set(column)) == len(column):
        return f"a different text in each row, an identifier? Leave it out with {SOME_COLUMNS}"
    return ""


def _number(cell: str) -> str:
    """Return the number in a cell that has a currency, a per cent sign, a unit or brackets around it; else nothing."""
    inner = re.fullmatch(r"\((.*)\)", cell)  # accountants put negative numbers in brackets
    bare = re.sub(MONEY, "", inner[1] if inner else cell).strip()
    sign = "-" if inner or re.match(rf"-\s*(?:{MONEY})", cell) else ""
    found = re.fullmatch(rf"(?P<number>{NUMBER})\s*(?:%|[A-Za-zµ°²³/]{{1,8}})?", bare.lstrip("- ") if sign else bare)
    if found is None:
        return ""
    digits = found["number"].strip()
    if THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "")
    return f"{sign}{digits}" if is_number(digits) else ""
