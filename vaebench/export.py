"""Export: a leaderboard, or generated rows, as a file; the leaderboard as a table in the terminal."""

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from vaebench.errors import InputError, unknown
from vaebench.ranking import COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

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
    try:
        if not path.parent.is_dir():
            raise InputError(f"cannot write {path}: the folder {path.parent} does not exist")
        if path.is_dir():
            raise InputError(f"cannot write {path}: it is a folder")
        if path.exists() and not path.is_file():  # a pipe or a terminal, which cannot be replaced
            writers[format](frame, path)
        else:
            _replace(path.resolve(), lambda part: writers[format](frame, part))
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None


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
    records = [{name: None if _empty(cell) else cell for name, cell in row.items()} for row in rows]
    path.write_text(json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _markdown(frame: "pd.DataFrame", path: Path) -> None:
    shown = [name for name in (*COLUMNS, "metric.search_score", "diagnosis") if name in frame] or list(frame.columns)
    rows = ([_text(cell) for cell in row] for row in frame[shown].itertuples(index=False))
    lines = [[_text(name) for name in shown], ["---"] * len(shown), *rows]
    path.write_text("".join(f"| {' | '.join(line)} |\n" for line in lines), encoding="utf-8")


def _text(cell: Any) -> str:
    if _empty(cell):
        return ""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return str(cell).replace("|", "\\|").replace("\n", " ")


def _empty(cell: Any) -> bool:
    import pandas as pd

    return cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


def table(frame: "pd.DataFrame", top: int, width: int = 100) -> "Table":
    """Return a leaderboard's `top` trials as a table for a terminal `width` characters wide, confirmed ones first.

    Baselines and the floor stand dim in place. Marks: "=" cannot be told from the best, "P" on the Pareto front where
    that has several trials. "search" is the score in the search. Below 97 characters that and the score's interval are
    left out.
    """
    from rich import box
    from rich.table import Table

    shown = frame[(frame["status"] != "failed") & ~(frame["rank"] > top).fillna(False)]
    several = int(frame["pareto_front"].sum()) > 1
    wide = width >= sum(size for _, size, _ in TABLE) + len(TABLE) - 1
    columns = [place for place, column in enumerate(TABLE) if wide or column[0] != "search"]
    result = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, caption=_plain("\n".join(_notes(frame, shown))))
    result.caption_justify = "left"
    for header, size, number in (TABLE[place] for place in columns):
        justify: Literal["left", "right"] = "right" if number else "left"
        header = header if wide else header.removesuffix(" [95 %]")
        result.add_column(header, justify=justify, max_width=size, no_wrap=True, overflow="ellipsis")
    before = None
    for row in shown.to_dict(orient="records"):
        if before not in (None, row["status"]):
            result.add_section()
        before = row["status"]
        cells = _cells(row, several, wide)
        result.add_row(*(_plain(cells[place]) for place in columns), style="dim" if row["kind"] != "trial" else None)
    return result


NOTES = {"confirmed": "confirmed", "searched": "searched, partly luck", "pruned": "pruned, on fewer draws"}


def _notes(frame: "pd.DataFrame", shown: "pd.DataFrame") -> Iterator[str]:
    """Yield what stands below the table, a line each."""
    trials = frame[frame["kind"] == "trial"]
    failed = frame[frame["status"] == "failed"]
    if trials.empty:
        yield "no trial yet"
    groups = [NOTES[status] for status in shown["status"].unique()]
    if len(groups) > 1:
        yield f"from gap to gap: {'; '.join(groups)}"
    if (frame["tied_with_best"].fillna(False) & frame["rank"].ne(1)).any():
        yield f"= a paired test cannot tell it from trial {frame.loc[frame['rank'] == 1, 'trial'].iloc[0]}"
    if int(frame["pareto_front"].sum()) > 1:
        yield "P Pareto front"
    if more := int(trials["rank"].notna().sum() - shown["rank"].notna().sum()):
        yield f"{more} more trials"
    if count := int((failed["kind"] == "trial").sum()):
        yield f"{count} failed: {_first_line(failed[failed['kind'] == 'trial']['reason'].iloc[0])}"
    for name, reason in failed[failed["kind"] != "trial"][["variant", "reason"]].to_numpy():
        yield f"{name} failed: {_first_line(reason)}"


def _first_line(reason: str) -> str:
    return next(iter(reason.splitlines()), "")[:200]


TABLE = (
    ("#", 4, True), ("variant", 11, False), ("trial", 5, True), ("loss", 9, False), ("latent", 8, False),
    ("dim", 3, True), ("score [95 %]", 17, True), ("ks", 6, True), ("mean err", 8, True), ("std err", 7, True),
    ("search", 6, True), ("", 2, False),
)  # fmt: skip
"""The table's columns: header, largest width, whether it is a number; with blanks between, 100 characters at most."""


def _cells(row: Mapping[Any, Any], several: bool, wide: bool) -> list[str]:
    marks = ("=" if row["tied_with_best"] is True else " ") + ("P" if several and row["pareto_front"] is True else "")
    range_ = (
        "" if _empty(row["score_low"]) or not wide else f" [{_short(row['score_low'])}, {_short(row['score_high'])}]"
    )
    return [
        *(_text(row[name]) for name in ("rank", "variant", "trial", "loss", "latent_sampler", "latent_dim")),
        _short(row["score"]) + range_,
        f"{row['ks']:.4f}",
        *(f"{row[name]:#.3g}".rstrip(".") for name in ("mean_error", "std_error")),
        "" if _empty(row["metric.search_score"]) else _short(row["metric.search_score"]),
        marks,
    ]


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _plain(text: str) -> "Text":
    """Return text that rich does not look for markup in."""
    from rich.text import Text

    return Text(text)
