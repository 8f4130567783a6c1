"""A file's bytes to a table, or why it cannot be read."""

import csv
import gzip
import io
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaebench.data_sets.file.cells import is_number
from vaebench.data_sets.file.dialect import SEPARATORS, Dialect, dialect_of
from vaebench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

UNNAMED = "nameless column"
ENDINGS = (".csv", ".tsv", ".parquet")
LOOKED_AT = 10_000
"""Lines of a CSV whose text is looked at."""
COMMENTS = ("#", "//", "%", "*")


def read_content(path: Path, where: str) -> bytes:
    """Return the bytes of the file, of a compressed one what is in it. Raises InputError if there are none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{where}: {error.strerror} ({path})") from None
    if path.suffix.lower() == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{where}: cannot be read as gzip: {error}") from None
    if not content:
        raise InputError(f"{where} is empty")
    return content


def ending(path: Path) -> str:
    """Return how the name of a table ends, without .gz."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def dialect_in(path: Path, content: bytes, declared: Mapping[str, Any], where: str) -> Dialect:
    """Return how the file is written. Raises InputError where it is no table, or can be read in two ways."""
    if (suffix := ending(path)) not in ENDINGS:
        way_out = "; save the sheet as CSV UTF-8" if suffix in (".xlsx", ".xls", ".ods") else ""
        raise InputError(f"{where}: a file that ends in .csv, .tsv or .parquet, or in .csv.gz, is expected{way_out}")
    if suffix == ".parquet":
        return Dialect()
    return dialect_of(content, declared, where, tabs=suffix == ".tsv")


def read_table(path: Path, content: bytes, dialect: Dialect, where: str, text: Sequence[str] = ()) -> "pd.DataFrame":
    """Parse the content by the file's ending. Columns are named as in the file. Raises InputError if it is broken.

    The columns `text` of a CSV are not parsed; an empty cell is missing there too.
    """
    parquet = ending(path) == ".parquet"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pandas only warns about rows longer than the header
        try:
            frame = _parquet(content) if parquet else _csv(content, dialect, where, text)
        except InputError:
            raise
        except Exception as error:  # pandas and pyarrow raise many kinds
            kind = "parquet" if parquet else "csv"
            raise InputError(f"{where}: cannot be read as {kind}: {str(error).strip()}") from None
    if frame.empty:
        raise InputError(f"{where} has no rows")
    frame.columns = [str(name) for name in frame.columns]  # Parquet may number them
    if parquet:
        _check_repeated(list(frame.columns), where)
    return frame


def _parquet(content: bytes) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_parquet(io.BytesIO(content))


def _csv(content: bytes, dialect: Dialect, where: str, text: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    whole = dialect.text(content, where)
    if "\0" in whole:
        raise InputError(f"{where}: damaged, it has a NUL (byte {content.index(0)})")
    lines = csv_lines(io.StringIO(whole, newline=""), dialect)
    header = column_names(next(lines, []))
    _check_header(header, where)
    _check_lengths(lines, header, dialect, where)
    return pd.read_csv(
        io.BytesIO(content if dialect.encoding in ("utf-8", "utf-8-sig") else whole.encode()),
        header=0,
        names=header,
        index_col=False,
        encoding="utf-8-sig",
        sep=dialect.separator,
        skipinitialspace=True,
        low_memory=False,
        dtype=dict.fromkeys(text, str),
    )


def written_cells(content: bytes, dialect: Dialect) -> dict[str, list[str]]:
    """Return the first cells of each column of a CSV as they are written, without empty ones."""
    lines = csv_lines(io.StringIO(dialect.text(content, ""), newline=""), dialect)
    header = column_names(next(lines))
    found: dict[str, list[str]] = {name: [] for name in header}
    for line in islice(lines, LOOKED_AT):
        for name, cell in zip(header, line, strict=False):
            if stripped := cell.strip():
                found[name].append(stripped)
    return found


def csv_lines(text: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    """Yield the cells of each line that is not empty, that with the names first."""
    return (line for line in csv.reader(text, delimiter=dialect.separator, skipinitialspace=True) if line)


def column_names(line: list[str]) -> list[str]:
    """Return the names in a CSV's first line. A column without one is named by its place."""
    return [name.strip() or f"{UNNAMED} {place}" for place, name in enumerate(line, 1)]


def _check_header(names: list[str], where: str) -> None:
    if not names:
        raise InputError(f"{where} is empty")
    _check_repeated(names, where)
    if all(is_number(name) for name in names):
        raise InputError(f"{where}: the first line must name the columns; it holds numbers: {', '.join(names[:5])}")


def _check_repeated(names: list[str], where: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1 and name})
    if repeated:
        raise InputError(f"{where}: duplicate column names: {', '.join(repeated)}")


def _check_lengths(lines: Iterator[list[str]], header: list[str], dialect: Dialect, where: str) -> None:
    """Raise InputError for a row with more cells than the header. pandas would drop them without naming the row."""
    for row, cells in enumerate(lines, 1):
        if any(cells[len(header) :]):
            above = header[0].startswith(COMMENTS) or (row == 1 and not any(map(is_number, cells)))
            why = (
                f"is the first line, {header[0]!r}, a comment? Delete what stands above the names of the columns"
                if above
                else f"{SEPARATORS[dialect.separator]} separate cells, and no other may stand in one without quotes"
            )
            raise InputError(
                f"{where}: row {row} below the header has {len(cells)} cells, the header names {len(header)}: {why}"
            )
