"""A table: its columns, and its rows as numbers and back."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vaebench.data_sets.file.dialect import Dialect
from vaebench.data_sets.file.infer import infer
from vaebench.data_sets.file.kinds import Column, Unused, Used
from vaebench.data_sets.file.kinds.category import Category
from vaebench.data_sets.file.kinds.moment import Moment
from vaebench.data_sets.file.kinds.number import Number
from vaebench.data_sets.file.kinds.style import Style
from vaebench.data_sets.file.kinds.unused import Constant, Identifier, Text
from vaebench.data_sets.file.one_column import AsText, is_number
from vaebench.data_sets.file.reading import ending, read_table, written_cells
from vaebench.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

CLASSES: Mapping[str, type[Column]] = {
    "continuous": Number,
    "integer": Number,
    "category": Category,
    "datetime": Moment,
    "identifier": Identifier,
    "constant": Constant,
    "text": Text,
}
Columns = tuple[Column, ...]


def read_columns(
    path: Path,
    content: bytes,
    dialect: Dialect,
    frame: "pd.DataFrame",
    names: Sequence[str],
    declared: Mapping[str, Mapping[str, Any]],
    where: str,
) -> "tuple[Columns, pd.DataFrame]":
    """Return what the columns of these names are, and their cells. Raises InputError for one that cannot be read.

    `frame` is the content as pandas reads it. Columns that are no plain numbers come back as a CSV has them.
    """
    import pandas as pd

    if ending(path) == ".parquet":
        return tuple(infer(frame[name], None, declared.get(name, {}), where) for name in names), frame
    whole: dict[str, pd.DataFrame] = {}

    def text(name: str) -> "pd.Series[Any]":
        if not whole:
            whole[""] = read_table(path, content, dialect, where, tuple(frame.columns))
        return whole[""][name]

    first = written_cells(content, dialect)
    cells = {}
    found = []
    for name in names:
        as_text = AsText(lambda name=name: text(name), first[name], dialect.separator == ",")  # type: ignore[misc]
        as_numbers = is_number(frame[name]) and not {"format", "decimal", "thousands"} & declared.get(name, {}).keys()
        cells[name] = frame[name] if as_numbers else text(name)
        found.append(infer(cells[name], as_text, declared.get(name, {}), where))
    return tuple(found), pd.DataFrame(cells)


def encode(frame: "pd.DataFrame", columns: Columns) -> Rows:
    """Return the rows of a table as numbers, one column for each that is used, shape (rows, columns)."""
    return np.stack([column.encode(frame[column.name]) for column in columns if isinstance(column, Used)], axis=1)


def decode(rows: Rows, columns: Columns) -> "pd.DataFrame":
    """Return rows of numbers, shape (rows, columns used), as a table with its columns, in their order."""
    import pandas as pd

    values = iter(rows.T)
    made = (
        column.decode(next(values)) if isinstance(column, Used) else column.make(len(rows))
        for column in columns
        if isinstance(column, Used | Unused)
    )
    return pd.DataFrame({cells.name: cells for cells in made if cells is not None})


def as_written(frame: "pd.DataFrame", columns: Columns) -> "pd.DataFrame":
    """Return a decoded table with its cells as its CSV has them: dates in their format, true and false in its words."""
    import pandas as pd

    return pd.DataFrame({of.name: of.write(frame[of.name]) for of in columns if of.name in frame})


def from_plain(columns: Sequence[Mapping[str, Any]]) -> Columns:
    """Return columns from their plain values."""
    return tuple(CLASSES[of["kind"]](**{key: _frozen(key, value) for key, value in of.items()}) for of in columns)


def _frozen(key: str, value: Any) -> Any:
    if key == "style" and value is not None:
        return Style(**value)
    return tuple(value) if isinstance(value, list) else value
