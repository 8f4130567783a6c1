"""The user's own rows, from a CSV or Parquet file."""

import csv
import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from vaebench.data_sets import DataSet, split_sizes
from vaebench.errors import InputError, unknown
from vaebench.rows import Draw, Rows

if TYPE_CHECKING:
    import pandas as pd


UNNAMED = "nameless column"
SOME_COLUMNS = "file = { path = ..., columns = [...] }"
"""How a study file names the columns that it uses."""


@dataclass(frozen=True)
class File(DataSet):
    """Numeric columns of a CSV or Parquet file: file = "my.csv", or { path = "my.csv", columns = ["a", "b"] }.

    A replicate is a random split of `rows` of its rows: training rows, and held-out rows of which one half is for the
    validation loss and the other half are the true samples. The truth beyond the file is unknown, so the first half is
    also what the noise floor is measured with.
    """

    path: str = ""
    """Absolute path."""
    columns: tuple[str, ...] = ()
    sha256: str = ""
    """Hash of the content, so that a changed file is another data set."""
    available_rows: int = 0

    @classmethod
    def parse(cls, value: Any, folder: Path) -> Self:
        """Read and check the file. Raises InputError, naming column and row, if it cannot be used."""
        table = {"path": value} if isinstance(value, str) else value
        if not isinstance(table, dict) or not isinstance(table.get("path"), str):
            raise InputError(f'file = {value!r}: "my.csv" or {{ path = "my.csv", columns = ["a", "b"] }} is expected')
        for key in table:
            if key not in ("path", "columns"):
                raise InputError(f"file: {unknown('key', key, ('path', 'columns'))}")
        where = f"file = {table['path']!r}"
        path = (folder / Path(table["path"]).expanduser()).resolve()
        content = _content(path, where)
        frame = _frame(path, content, where)
        columns = _chosen(list(frame.columns), table.get("columns"), where)
        _check(frame[list(columns)], where)
        return cls(str(path), columns, hashlib.sha256(content).hexdigest(), len(frame))

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Rebuild it from `plain()` without reading the file."""
        return cls(value["path"], tuple(value["columns"]), value["sha256"], value["available_rows"])

    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int) -> Draw:
        """Split `rows` random rows of the file. Raises InputError if the file has changed since the study began."""
        values = self._values()[random.permutation(self.available_rows)[:rows]]
        train, held_out = split_sizes(rows, test_fraction)
        test = values[train : train + held_out // 2]
        return Draw(train=values[:train], test=test, true=values[train + held_out // 2 :], floor=test)

    def _values(self) -> Rows:
        """Return the rows, shape (available_rows, columns). The file is read again only if it has changed."""
        where = f"file = {self.path!r}"
        try:
            status = Path(self.path).stat()
        except OSError as error:
            raise InputError(f"{where}: {error.strerror}") from None
        return _read(self, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(file: File, modified: int, size: int) -> Rows:
    path, where = Path(file.path), f"file = {file.path!r}"
    content = _content(path, where)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InputError(f"{where} has changed since the study began: restore it, or give the study another name")
    values = _frame(path, content, where)[list(file.columns)].to_numpy(dtype=np.float64)
    values.setflags(write=False)
    return values


def _content(path: Path, where: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{where}: {error.strerror} ({path})") from None
    if not content:
        raise InputError(f"{where} is empty")
    return content


def _frame(path: Path, content: bytes, where: str) -> "pd.DataFrame":
    """Parse the content by the file's suffix. Columns are named as in the file."""
    import pandas as pd

    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise InputError(f"{where}: a file that ends in .csv or .parquet is expected")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pandas only warns about rows longer than the header
        try:
            if suffix == ".parquet":
                frame = pd.read_parquet(io.BytesIO(content))
            else:
                text = io.StringIO(content.decode("utf-8-sig"), newline="")
                lines = (line for line in csv.reader(text, skipinitialspace=True) if line)
                header = [name.strip() or f"{UNNAMED} {place}" for place, name in enumerate(next(lines, []), 1)]
                _check_header(header, where)
                _check_lengths(lines, len(header), where)
                frame = pd.read_csv(
                    io.BytesIO(content),
                    header=0,
                    names=header,
                    index_col=False,
                    encoding="utf-8-sig",
                    skipinitialspace=True,
                    low_memory=False,
                )
        except UnicodeDecodeError as error:
            raise InputError(f"{where}: not UTF-8 text (byte {error.start})") from None
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


def _check_header(names: list[str], where: str) -> None:
    if not names:
        raise InputError(f"{where} is empty")
    _check_repeated(names, where)
    for mark, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and mark in names[0]:
            raise InputError(f"{where}: {word} separate the columns: commas are expected, and a point in numbers")
    if all(_is_number(name) for name in names):
        raise InputError(f"{where}: the first line must name the columns; it holds numbers: {', '.join(names[:5])}")


def _check_repeated(names: list[str], where: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1 and name})
    if repeated:
        raise InputError(f"{where}: duplicate column names: {', '.join(repeated)}")


def _check_lengths(lines: Iterator[list[str]], columns: int, where: str) -> None:
    """Raise InputError for a row with more cells than the header. pandas would drop them without naming the row."""
    for row, cells in enumerate(lines, 1):
        if any(cells[columns:]):
            raise InputError(
                f"{where}: row {row} below the header has {len(cells)} cells, the header names {columns}: "
                "commas separate cells, so a number has a point"
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _chosen(known: list[str], columns: Any, where: str) -> tuple[str, ...]:
    if columns is None:
        if nameless := [name for name in known if str(name).startswith(UNNAMED)]:
            why = "an index, or a comma at the end of each line?"
            raise InputError(f"{where}: {nameless[0]} ({why}); leave it out with {SOME_COLUMNS}")
        return tuple(map(str, known))
    if not isinstance(columns, list) or not columns or len({str(name) for name in columns}) < len(columns):
        raise InputError(f"{where}: columns = {columns!r}: a list of different column names is expected")
    for name in columns:
        if name not in known:
            raise InputError(f"{where}: {unknown('column', name, map(str, known))}")
    return tuple(columns)


def _check(frame: "pd.DataFrame", where: str) -> None:
    """Raise InputError for columns that cannot be used: not numeric, not finite or constant."""
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

    text = [
        str(name)
        for name, kind in frame.dtypes.items()
        if not is_numeric_dtype(kind) or is_bool_dtype(kind) or is_complex_dtype(kind)
    ]
    if text:
        first = frame[text[0]]
        row = int(np.argmax(pd.to_numeric(first, errors="coerce").isna() & first.notna()))
        such = f"such as {str(first.iloc[row])!r} in row {row + 1} below the header"
        comma = first.astype(str).str.fullmatch(r"[-+]?\d+,\d+").any()
        hint = "a point is expected in numbers" if comma else f"choose others with {SOME_COLUMNS}"
        raise InputError(f"{where}: not numeric: {', '.join(text)} ({such}); {hint}")
    for name in frame.columns:
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            kind = "empty or NaN" if np.isnan(values[bad[0]]) else "infinite"
            raise InputError(
                f"{where}: column {name!r} has {bad.size} cell{'s' * (bad.size > 1)} without a finite number, "
                f"the first ({kind}) in row {bad[0] + 1} below the header: fill it, or leave out the row"
            )
        if (values == values[0]).all():
            raise InputError(f"{where}: column {name!r} is constant ({values[0]}); choose others with {SOME_COLUMNS}")
