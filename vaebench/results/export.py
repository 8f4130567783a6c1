"""Export: a leaderboard, or generated rows, as a file."""

import html
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaebench.errors import InputError
from vaebench.files import write_output
from vaebench.results.leaderboard import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets run a text cell that begins with one of these as a formula."""


def write(frame: "pd.DataFrame", path: Path, ending: str = "") -> None:
    """Write `frame` to `path`, whole or not at all, in the format of `ending`, by default that of `path`.

    .csv: full float precision; text and names that a spreadsheet would run as a formula get a leading '. .json: a list
    of records. .parquet: typed columns. .md: for reading, so only a leaderboard's first columns, with four significant
    digits. Raises InputError for another ending, a missing folder, or a file that cannot be written.
    """
    writer = writer_for(path, ending)
    write_output(path, lambda part: writer(frame, part))


def writer_for(path: Path, ending: str = "") -> "Callable[[pd.DataFrame, Path], Any]":
    """Return the function that writes the format of `ending`, by default that of `path`. Raises InputError if none."""
    writers: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
        ".csv": _csv,
        ".json": _json,
        ".md": _markdown,
        ".parquet": lambda frame, file: frame.to_parquet(file, index=False),
        ".tsv": lambda frame, file: _csv(frame, file, "\t"),
    }
    ending = ending or path.suffix.lower()
    if ending not in writers:
        raise InputError(f"cannot write {path}: its name must end in {', '.join(writers)}")
    return writers[ending]


def _csv(frame: "pd.DataFrame", path: Path, separator: str = ",") -> None:
    safe = frame.copy()
    for name in frame.select_dtypes(["object", "string"]):
        safe[name] = frame[name].map(_defused)
    safe.columns = [_defused(str(name)) for name in frame.columns]
    # pandas writes the shortest text that reads back as the same float
    safe.to_csv(path, sep=separator, index=False, lineterminator="\n", encoding="utf-8")


def _defused(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    safe = f"'{cell}" if cell.startswith(FORMULA) else cell
    return safe.replace("\r\n", "\n").replace("\r", "\n")  # a lone CR would not be quoted and would end the row


def _json(frame: "pd.DataFrame", path: Path) -> None:
    # not DataFrame.to_json: it keeps at most 15 digits
    rows = frame.to_dict(orient="records")
    records = [{name: None if is_empty(cell) else cell for name, cell in row.items()} for row in rows]
    path.write_text(json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _markdown(frame: "pd.DataFrame", path: Path) -> None:
    shown = [name for name in (*COLUMNS, "metric.search_score", "diagnosis") if name in frame] or list(frame.columns)
    rows = ([_text(cell) for cell in row] for row in frame[shown].itertuples(index=False, name=None))
    lines = [[_text(name) for name in shown], ["---"] * len(shown), *rows]
    path.write_text("".join(f"| {' | '.join(line)} |\n" for line in lines), encoding="utf-8")


def _text(cell: Any) -> str:
    if is_empty(cell):
        return ""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return markdown(str(cell))


def markdown(text: str) -> str:
    """Return text as Markdown that shows it as it is, in one line: no links, pictures, headings or HTML."""
    plain = re.sub(r"\s+", " ", text)
    return re.sub(r"[\\`*\[\]#!|]", r"\\\g<0>", html.escape(plain, quote=False))


def is_empty(cell: Any) -> bool:
    """Return whether a cell has no value."""
    import pandas as pd

    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))
