"""Export: a leaderboard, or generated rows, as a file."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from vaebench.errors import InputError, unknown
from vaebench.results.leaderboard import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["csv", "json", "markdown", "parquet"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text cell that begins with one of these is run as a formula by spreadsheets."""


def write(frame: "pd.DataFrame", path: Path, format: Format) -> None:
    """Write `frame` to `path`, whole or not at all.

    csv: full float precision; text that a spreadsheet would run as a formula gets a leading '. json: a list of records.
    parquet: typed columns. markdown: to be read, so a leaderboard's first columns alone and four significant digits.
    Raises InputError for an unknown format, a folder that does not exist, or a file that cannot be written.
    """
    writers: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
        "csv": _csv,
        "json": _json,
        "markdown": _markdown,
        "parquet": lambda frame, file: frame.to_parquet(file, index=False),
    }
    if format not in writers:
        raise InputError(unknown("format", format, get_args(Format)))
    write_whole(path, lambda part: writers[format](frame, part))


def write_whole(path: Path, write_to: Callable[[Path], Any]) -> None:
    """Write `path`, whole or not at all, by a function that writes to the path it is given.

    Raises InputError for a folder that does not exist, or a file that cannot be written.
    """
    check_place(path)
    try:
        if path.exists() and not path.is_file():  # a pipe or a terminal, which cannot be replaced
            write_to(path)
        else:
            _replace(path.resolve(), write_to)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None


def check_place(path: Path) -> None:
    """Raise InputError where `path` is a folder, or in none: known before the work of making what is written."""
    if not os.path.isdir(path.parent):  # Path.is_dir raises where a name is too long
        raise InputError(f"cannot write {path}: the folder {path.parent} does not exist")
    if os.path.isdir(path):
        raise InputError(f"cannot write {path}: it is a folder")


def _replace(path: Path, write_to: Callable[[Path], Any]) -> None:
    """Write a file beside `path`, then put it in its place in one step."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write_to(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _csv(frame: "pd.DataFrame", path: Path) -> None:
    safe = frame.copy()
    for name in frame.select_dtypes(["object", "string"]):
        safe[name] = frame[name].map(_defused)
    # pandas writes a float as its shortest text that reads back as the same float
    safe.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _defused(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    safe = f"'{cell}" if cell.startswith(FORMULA) else cell
    return safe.replace("\r\n", "\n").replace("\r", "\n")  # a lone CR would go unquoted and end the row


def _json(frame: "pd.DataFrame", path: Path) -> None:
    # not DataFrame.to_json, which keeps 15 digits at most
    rows = frame.to_dict(orient="records")
    records = [{name: None if is_empty(cell) else cell for name, cell in row.items()} for row in rows]
    path.write_text(json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _markdown(frame: "pd.DataFrame", path: Path) -> None:
    shown = [name for name in (*COLUMNS, "metric.search_score", "diagnosis") if name in frame] or list(frame.columns)
    rows = ([_text(cell) for cell in row] for row in frame[shown].itertuples(index=False))
    lines = [[_text(name) for name in shown], ["---"] * len(shown), *rows]
    path.write_text("".join(f"| {' | '.join(line)} |\n" for line in lines), encoding="utf-8")


def _text(cell: Any) -> str:
    if is_empty(cell):
        return ""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return str(cell).replace("|", "\\|").replace("\n", " ")


def is_empty(cell: Any) -> bool:
    """Say whether a cell has no value."""
    import pandas as pd

    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))
