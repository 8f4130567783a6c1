"""The user's own rows, from a CSV or Parquet file.

reading   a file's bytes to a table, or why it cannot be read
columns   which columns are used, and why one cannot be
cells     what to do about a cell that is no number
suspects  columns that can be used and should perhaps not be
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from vaebench.data_sets import DataSet, split, split_sizes
from vaebench.data_sets.file.columns import check_columns, chosen_columns
from vaebench.data_sets.file.reading import read_content, read_table
from vaebench.data_sets.file.suspects import suspects
from vaebench.errors import InputError, unknown
from vaebench.rows import Draw, Rows


@dataclass(frozen=True)
class File(DataSet):
    """Numeric columns of a CSV or Parquet file: file = "my.csv", or { path = "my.csv", columns = ["a", "b"] }.

    A replicate is a random split of `rows` of its rows: training rows, and held-out rows of which one half is for the
    validation loss and the other half are the true samples. The truth beyond the file is unknown, so all other rows
    are what the noise floor is measured with.
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
        try:
            path = (folder / Path(table["path"]).expanduser()).resolve()
        except (ValueError, RuntimeError, OSError) as error:  # a NUL, an unknown ~user, links in a circle
            raise InputError(f"{where}: {error}") from None
        content = read_content(path, where)
        frame = read_table(path, content, where)
        columns = chosen_columns(list(frame.columns), table.get("columns"), where)
        check_columns(frame[list(columns)], where)
        return cls(str(path), columns, hashlib.sha256(content).hexdigest(), len(frame))

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Rebuild it from `plain()` without reading the file."""
        return cls(value["path"], tuple(value["columns"]), value["sha256"], value["available_rows"])

    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int, generated: int) -> Draw:
        """Split `rows` random rows of the file. Raises InputError if the file has changed since the study began."""
        return split(self._values(), random, rows=rows, test_fraction=test_fraction)

    def doubts(self, rows: int, test_fraction: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what looks wrong about its columns: row numbers, rare values, codes, points between thousands."""
        _, held_out = split_sizes(rows, test_fraction)
        yield from suspects(Path(self.path), self.columns, self._values(), held_out - held_out // 2)

    def outside(self, column: str, low: float, high: float) -> str:
        """Return the first row whose value in `column` is not from `low` to `high`; empty if there is none."""
        values = self._values()[:, self.columns.index(column)]
        bad = np.flatnonzero((values < low) | (values > high))
        return f"row {bad[0] + 1} below the header has {values[bad[0]]:.15g}" if bad.size else ""

    def changes(self, new: DataSet) -> Iterator[str]:
        """Yield, in words, how the content of the file `new` differs from this one's."""
        if isinstance(new, File) and new.sha256 != self.sha256:
            before, after = self.available_rows, new.available_rows
            rows = f"{before} -> {after} rows" if after != before else f"still {after} rows"
            yield f"data.file: its content has changed since the study began ({rows}); restore it to go on"

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
    content = read_content(path, where)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InputError(f"{where} has changed since the study began: restore it, or give the study another name")
    values = read_table(path, content, where)[list(file.columns)].to_numpy(dtype=np.float64)
    values.setflags(write=False)
    return values
