"""Which columns of a file are used, and why one cannot be."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vaebench.data_sets.file.cells import SOME_COLUMNS
from vaebench.data_sets.file.infer import KINDS
from vaebench.data_sets.file.kinds import Column
from vaebench.data_sets.file.kinds.number import Number
from vaebench.data_sets.file.reading import UNNAMED
from vaebench.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd

FEWEST_OTHERS = 5
"""A column needs so many values beside its most common one, if that fills nearly all of it. With 4 of them, half of the
splits that hold out a third have none among the true samples."""
NEARLY_ALL = 0.9
FEWEST_FILLED = 10
"""A column of numbers or dates needs so many cells with a value: fewer leave some splits with none, or one."""


def chosen_columns(known: list[str], columns: Any, where: str) -> tuple[str, ...]:
    """Return the columns that a study file names, all by default. Raises InputError for an unknown one."""
    if columns is None:
        return tuple(known)
    if not isinstance(columns, list) or not columns or len({str(name) for name in columns}) < len(columns):
        raise InputError(f"{where}: columns = {columns!r}: a list of different column names is expected")
    for name in columns:
        if name not in known:
            raise InputError(f"{where}: {unknown('column', name, known)}")
    return tuple(columns)


def check_declared(declared: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> None:
    """Raise InputError where [data.columns] declares a column that there is not, or no kind that there is."""
    for name, of in declared.items():
        if name not in names:
            raise InputError(f"columns: {unknown('column', name, names)}")
        kind = of.get("kind")
        if kind is not None and kind not in KINDS:
            raise InputError(f"columns.{name}: {unknown('kind', str(kind), KINDS)}")


def check_columns(frame: "pd.DataFrame", table: Sequence[Column], where: str) -> None:
    """Raise InputError for columns with infinite cells, hardly any filled ones, or nearly always the same value."""
    of_kind = {column.name: column for column in table}
    if nameless := [column.name for column in table if column.used and column.name.startswith(UNNAMED)]:
        raise InputError(f"{where}: {nameless[0]} holds values: name it, or leave it out with {SOME_COLUMNS}")
    for name in frame.columns:
        column = of_kind[name]
        filled = len(frame) - column.empty
        if column.empty and not column.levels and filled < FEWEST_FILLED:
            raise InputError(
                f"{where}: column {name!r} has a value in {filled} of {len(frame)} rows, too few to learn from: "
                f"leave it out with {SOME_COLUMNS}, or fill at least {FEWEST_FILLED}"
            )
        if not isinstance(column, Number):
            continue
        values = column.encode(frame[name])
        bad = np.flatnonzero(np.isinf(values))
        if bad.size:
            raise InputError(
                f"{where}: column {name!r} has {bad.size} cell{'s' * (bad.size > 1)} without a finite number, "
                f"the first (infinite) in row {bad[0] + 1} below the header: correct it, or leave out the row"
            )
        _check_rare(str(name), values[~np.isnan(values)], list(frame.columns), where)


def _check_rare(name: str, values: "np.ndarray[Any, np.dtype[np.float64]]", known: list[str], where: str) -> None:
    most, count = majority(values)
    others = len(values) - count
    if others < FEWEST_OTHERS and count > NEARLY_ALL * len(values):
        rest = ", ".join(f'"{other}"' for other in known if other != name)
        leave_out = f"leave it out with columns = [{rest}], or " if rest else ""
        raise InputError(
            f"{where}: column {name!r} is {most:g} in {count} of {len(values)} rows: the other {others} are too few to "
            f"learn from, and many splits would have none to compare with; {leave_out}add rows with other values"
        )


def majority(values: "np.ndarray[Any, np.dtype[np.float64]]") -> tuple[float, int]:
    """Return the median of a column, shape (rows,), and how often it is there: a value of most rows is the median."""
    median = float(np.quantile(values, 0.5, method="lower"))
    return median, int((values == median).sum())
