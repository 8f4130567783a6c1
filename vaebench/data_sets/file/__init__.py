"""The user's own rows, from a CSV or Parquet file.

dialect     how a CSV is written
reading     a file's bytes to a table, or why it cannot be read
table       its columns, and its rows as numbers and back
kinds       a file for each kind of column
infer       of which kind a column is
one_column  makes a column of a kind from its cells
columns     which columns are used, and why one cannot be
cells       what to do about a cell that is no number
suspects    columns that can be used and should perhaps not be
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from vaebench.data_sets import DataSet, split, split_sizes
from vaebench.data_sets.file.columns import check_columns, check_declared, chosen_columns
from vaebench.data_sets.file.dialect import PLAIN, Dialect
from vaebench.data_sets.file.kinds.number import Number
from vaebench.data_sets.file.reading import UNNAMED, dialect_in, ending, read_content, read_table
from vaebench.data_sets.file.suspects import suspects
from vaebench.data_sets.file.table import Columns, as_written, decode, encode, from_plain, read_columns
from vaebench.errors import InputError, unknown
from vaebench.rows import Draw, Kind, Rows

if TYPE_CHECKING:
    import pandas as pd


KEYS = ("path", "columns", "separator", "encoding")
"""What a study file can say of a file."""


@dataclass(frozen=True)
class File(DataSet):
    """A table in a CSV or Parquet file: file = "my.csv", or { path = "my.csv", columns = ["a", "b"] }.

    A replicate is a random split of `rows` of its rows: training rows, and held-out rows of which one half is for the
    validation loss and the other half are the true samples. The truth beyond the file is unknown, so all other rows
    are what the noise floor is measured with.
    """

    path: str = ""
    """Absolute path."""
    columns: tuple[str, ...] = ()
    """Those that are learned from."""
    sha256: str = ""
    """Hash of the content, so that a changed file is another data set."""
    available_rows: int = 0
    table: Columns = ()
    """All chosen columns, each with its kind; empty in studies of before, whose columns are all numbers."""
    dialect: Dialect = PLAIN
    """How it is written, if it is a CSV."""

    @classmethod
    def parse(cls, value: Any, folder: Path, declared: Mapping[str, Mapping[str, Any]] = {}) -> Self:
        """Read and check the file. Raises InputError, naming column and row, if it cannot be used.

        `declared` is what the study file says of the kinds of its columns.
        """
        found, frame, where = cls._read(value, folder, declared)
        if not found.columns:
            raise InputError(f"{where}: no column to learn from: {'; '.join(_in_words(found.table))}")
        check_columns(frame[list(found.columns)], found.table, where)
        return found

    @classmethod
    def look(cls, path: Path) -> tuple[Self, str]:
        """Return a file that is only looked at, and why it cannot be learned from; empty if it can be."""
        found, frame, where = cls._read(str(path.absolute()), Path(), {})
        try:
            check_columns(frame[list(found.columns)], found.table, where)
        except InputError as error:
            return found, str(error)
        return found, "" if found.columns else f"{where}: no column to learn from"

    @classmethod
    def _read(
        cls, value: Any, folder: Path, declared: Mapping[str, Mapping[str, Any]]
    ) -> "tuple[Self, pd.DataFrame, str]":
        given = {"path": value} if isinstance(value, str) else value
        if not isinstance(given, dict) or not isinstance(given.get("path"), str):
            raise InputError(f'file = {value!r}: "my.csv" or {{ path = "my.csv", columns = ["a", "b"] }} is expected')
        for key in given:
            if key not in KEYS:
                raise InputError(f"file: {unknown('key', key, KEYS)}")
        where = f"file = {given['path']!r}"
        try:
            path = (folder / Path(given["path"]).expanduser()).resolve()
        except (ValueError, RuntimeError, OSError) as error:  # a NUL, an unknown ~user, links in a circle
            raise InputError(f"{where}: {error}") from None
        content = read_content(path, where)
        dialect = dialect_in(path, content, given, where)
        frame = read_table(path, content, dialect, where)
        names = chosen_columns(list(frame.columns), given.get("columns"), where)
        check_declared(declared, names)
        table, frame = read_columns(path, content, dialect, frame, names, declared, where)
        columns = tuple(column.name for column in table if column.used)
        return cls(str(path), columns, hashlib.sha256(content).hexdigest(), len(frame), table, dialect), frame, where

    def plain(self) -> Any:
        """Return the plain value that a study's record keeps."""
        plain = asdict(self)
        del plain["table"]
        if self.dialect == PLAIN:
            del plain["dialect"]
        return plain | ({"table": [column.plain() for column in self.table]} if self.table else {})

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Rebuild it from `plain()` without reading the file."""
        table = from_plain(value.get("table", ()))
        return cls(
            value["path"],
            tuple(value["columns"]),
            value["sha256"],
            value["available_rows"],
            table,
            Dialect(**value.get("dialect", {})),
        )

    @property
    def levels(self) -> tuple[int, ...]:
        """The number of codes of each category, an empty cell among them; 0 for numbers."""
        found = tuple(column.levels for column in self.table if column.used)
        return found if any(found) else ()

    @property
    def level_names(self) -> tuple[tuple[str, ...], ...]:
        """What each category's codes stand for, nothing for numbers; empty if there is no category."""
        found = tuple(column.level_names for column in self.table if column.used)
        return found if any(found) else ()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Which columns are categories; empty if there is none, and no cell of a number is empty."""
        used = [column for column in self.table if column.used]
        plain = not any(column.levels or column.empty for column in used)
        return () if plain else tuple("category" if column.levels else "number" for column in used)

    def going_on(self, old: DataSet) -> "File":
        """Return this file as the study goes on that was begun with `old`: with what that took the columns for."""
        if not isinstance(old, File) or old.sha256 != self.sha256 or old.table == self.table:
            return self
        names = tuple(column.name for column in self.table)
        if not old.table:
            otherwise = [of for of in self.table if of.declared and of.kind not in ("continuous", "integer")]
            every_number = old.columns == names and not otherwise
            return replace(self, columns=old.columns, table=(), dialect=old.dialect) if every_number else self
        declared = [[column for column in of.table if column.declared] for of in (old, self)]
        same = names == tuple(column.name for column in old.table) and declared[0] == declared[1]
        return replace(self, columns=old.columns, table=old.table) if same else self

    def decode(self, rows: Rows) -> "pd.DataFrame":
        """Return rows, shape (rows, columns), as a table like the file's: its columns, each of its kind."""
        return decode(rows, self.table) if self.table else super().decode(rows)

    def write_csv(self, frame: "pd.DataFrame", path: Path, suffix: str = ".csv") -> None:
        """Write a table that `decode` returned as the file's own: its formats, separator and encoding.

        Every text and name in it is the user's own, so that none is quoted against spreadsheets.
        """
        alike = suffix == ending(Path(self.path))
        mark = self.dialect.separator if alike else "\t" if suffix == ".tsv" else ","
        written = as_written(frame, self.table)
        written.columns = ["" if str(name).startswith(UNNAMED) else name for name in written.columns]
        written.to_csv(path, sep=mark, index=False, lineterminator="\n", encoding=self.dialect.encoding)

    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int, generated: int) -> Draw:
        """Split `rows` random rows of the file. Raises InputError if the file has changed since the study began."""
        return split(self._values(), random, rows=rows, test_fraction=test_fraction)

    def doubts(self, rows: int, test_fraction: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what looks wrong about its columns: row numbers, rare values, codes, points between thousands."""
        _, held_out = split_sizes(rows, test_fraction)
        if left := _in_words(self.table):
            yield f"not learned from: {'; '.join(left)}", ("[data.columns] can declare another kind.",)
        plain = [of.name for of in self.table if isinstance(of, Number) and of.style is None]
        numbers, true = plain if self.table else self.columns, held_out - held_out // 2
        yield from suspects(Path(self.path), self.dialect, self.columns, self._values(), numbers, true)

    def without_bounds(self, column: str) -> str:
        """Return why `column` can have no bounds: its kind; empty if it has numbers."""
        for of in self.table:
            if of.name == column and of.kind not in ("continuous", "integer"):
                return f"min and max are of numbers, and it is of kind {of.kind}"
        return ""

    def outside(self, column: str, low: float, high: float) -> str:
        """Return the first row whose value in `column` is not from `low` to `high`; empty if there is none."""
        values = self._values()[:, self.columns.index(column)]
        bad = np.flatnonzero((values < low) | (values > high))
        return f"row {bad[0] + 1} below the header has {values[bad[0]]:.15g}" if bad.size else ""

    def changes(self, new: DataSet) -> Iterator[str]:
        """Yield, in words, how the content of the file `new`, or what it is taken for, differs from this one's."""
        if not isinstance(new, File):
            return
        if new.sha256 != self.sha256:
            before, after = self.available_rows, new.available_rows
            rows = f"{before} -> {after} rows" if after != before else f"still {after} rows"
            yield f"data.file: its content has changed since the study began ({rows}); restore it to go on"
            return
        were = {column.name: column for column in self.table}
        for column in new.table:
            if (was := were.get(column.name)) != column:
                kind = was.kind if was is not None else "a number" if column.name in self.columns else "not there"
                yield f"data.columns.{column.name}: {kind} -> {column.kind}{' read otherwise' * (kind == column.kind)}"

    def _values(self) -> Rows:
        """Return the rows, shape (available_rows, columns). The file is read again only if it has changed."""
        where = f"file = {self.path!r}"
        try:
            status = Path(self.path).stat()
        except OSError as error:
            raise InputError(f"{where}: {error.strerror}") from None
        return _values_of(self, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _values_of(file: File, modified: int, size: int) -> Rows:
    path, where = Path(file.path), f"file = {file.path!r}"
    content = read_content(path, where)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InputError(f"{where} has changed since the study began: restore it, or give the study another name")
    frame = read_table(
        path, content, file.dialect, where, tuple(column.name for column in file.table if column.used and column.text)
    )
    values = encode(frame, file.table) if file.table else frame[list(file.columns)].to_numpy(dtype=np.float64)
    values.setflags(write=False)
    return values


def _in_words(table: Columns) -> list[str]:
    """Return the columns that are not learned from, each with what becomes of it."""
    return [f"{column.name!r} ({column.kind}: {column.why}; {column.range})" for column in table if not column.used]
