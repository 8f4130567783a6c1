"""A file's bytes to a table, or why it cannot be read."""

import codecs
import csv
import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench.data_sets.file.cells import is_number
from vaebench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

UNNAMED = "nameless column"
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # that of UTF-32 LE begins with UTF-16's
LOOKED_AT = 10_000
"""Lines of a CSV whose text is looked at."""
COMMENTS = ("#", "//", "%", "*")


def read_content(path: Path, where: str) -> bytes:
    """Return the bytes of the file. Raises InputError if it cannot be read or is empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{where}: {error.strerror} ({path})") from None
    if not content:
        raise InputError(f"{where} is empty")
    return content


def read_table(path: Path, content: bytes, where: str, text: Sequence[str] = ()) -> "pd.DataFrame":
    """Parse the content by the file's suffix. Columns are named as in the file. Raises InputError if it is broken.

    The columns `text` of a CSV are not parsed; an empty cell is missing there too.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        way_out = "; save the sheet as CSV UTF-8" if suffix in (".xlsx", ".xls", ".ods") else ""
        raise InputError(f"{where}: a file that ends in .csv or .parquet is expected{way_out}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pandas only warns about rows longer than the header
        try:
            frame = _parquet(content) if suffix == ".parquet" else _csv(content, where, text)
        except UnicodeDecodeError as error:
            raise InputError(f"{where}: not UTF-8 text (byte {error.start}): save it as CSV UTF-8") from None
        except InputError:
            raise
        except Exception as error:  # pandas and pyarrow raise many kinds
            raise InputError(f"{where}: cannot be read as {suffix[1:]}: {str(error).strip()}") from None
    if frame.empty:
        raise InputError(f"{where} has no rows")
    frame.columns = [str(name) for name in frame.columns]  # Parquet may number them
    if suffix == ".parquet":
        _check_repeated(list(frame.columns), where)
    return frame


def _parquet(content: bytes) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_parquet(io.BytesIO(content))


def _csv(content: bytes, where: str, text: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    if content.startswith(WIDE) or b"\0" in content[:100]:
        raise InputError(f"{where}: UTF-16 text, as Excel's 'Unicode Text': save it as CSV UTF-8")
    if b"\0" in content:
        raise InputError(f"{where}: damaged, it has a NUL (byte {content.index(0)})")
    lines = csv_lines(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header = column_names(next(lines, []))
    _check_header(header, where)
    _check_lengths(lines, header, where)
    return pd.read_csv(
        io.BytesIO(content),
        header=0,
        names=header,
        index_col=False,
        encoding="utf-8-sig",
        skipinitialspace=True,
        low_memory=False,
        dtype=dict.fromkeys(text, str),
    )


def written_cells(content: bytes) -> dict[str, list[str]]:
    """Return the first cells of each column of a CSV as they are written, without empty ones."""
    lines = csv_lines(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header = column_names(next(lines))
    found: dict[str, list[str]] = {name: [] for name in header}
    for line in islice(lines, LOOKED_AT):
        for name, cell in zip(header, line, strict=False):
            if stripped := cell.strip():
                found[name].append(stripped)
    return found


def csv_lines(text: Iterable[str]) -> Iterator[list[str]]:
    """Yield the cells of each line that is not empty, that with the names first."""
    return (line for line in csv.reader(text, skipinitialspace=True) if line)


def column_names(line: list[str]) -> list[str]:
    """Return the names in a CSV's first line. A column without one is named by its place."""
    return [name.strip() or f"{UNNAMED} {place}" for place, name in enumerate(line, 1)]


def _check_header(names: list[str], where: str) -> None:
    if not names:
        raise InputError(f"{where} is empty")
    _check_repeated(names, where)
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and mark in names[0]:
            raise InputError(f"{where}: {word} separate the columns: commas are expected, and a point in numbers")
    if all(is_number(name) for name in names):
        raise InputError(f"{where}: the first line must name the columns; it holds numbers: {', '.join(names[:5])}")


def _check_repeated(names: list[str], where: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1 and name})
    if repeated:
        raise InputError(f"{where}: duplicate column names: {', '.join(repeated)}")


def _check_lengths(lines: Iterator[list[str]], header: list[str], where: str) -> None:
    """Raise InputError for a row with more cells than the header. pandas would drop them without naming the row."""
    for row, cells in enumerate(lines, 1):
        if any(cells[len(header) :]):
            above = header[0].startswith(COMMENTS) or (row == 1 and not any(map(is_number, cells)))
            why = (
                f"is the first line, {header[0]!r}, a comment? Delete what stands above the names of the columns"
                if above
                else "commas separate cells, so a number has a point"
            )
            raise InputError(
                f"{where}: row {row} below the header has {len(cells)} cells, the header names {len(header)}: {why}"
            )
