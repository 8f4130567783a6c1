"""Which columns of a file are used, and why one cannot be."""

from typing import TYPE_CHECKING, Any

import numpy as np

from vaebench.data_sets.file.cells import SOME_COLUMNS, way_out
from vaebench.data_sets.file.reading import UNNAMED
from vaebench.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas as pd

FEWEST_OTHERS = 5
"""A column needs so many values beside its most common one, if that fills nearly all of it. With 4 of them, half of the
splits that hold out a third have none among the true samples."""
NEARLY_ALL = 0.9


def chosen_columns(known: list[str], columns: Any, where: str) -> tuple[str, ...]:
    """Return the columns that a study file names, all by default. Raises InputError for an unknown or nameless one."""
    if columns is None:
        if nameless := [name for name in known if name.startswith(UNNAMED)]:
            why = "an index, or a comma at the end of each line?"
            raise InputError(f"{where}: {nameless[0]} ({why}); leave it out with {SOME_COLUMNS}")
        return tuple(known)
    if not isinstance(columns, list) or not columns or len({str(name) for name in columns}) < len(columns):
        raise InputError(f"{where}: columns = {columns!r}: a list of different column names is expected")
    for name in columns:
        if name not in known:
            raise InputError(f"{where}: {unknown('column', name, known)}")
    return tuple(columns)


def check_columns(frame: "pd.DataFrame", where: str) -> None:
    """Raise InputError for columns that cannot be used: not numeric, not finite, constant or nearly so."""
    from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

    text = [
        name
        for name, kind in zip(frame.columns, frame.dtypes, strict=True)
        if not is_numeric_dtype(kind) or is_bool_dtype(kind) or is_complex_dtype(kind)
    ]
    if text:
        row, cell, hint = way_out(frame[text])
        such = f"such as {cell!r} in row {row + 1} below the header"
        hint = hint or f"choose others with {SOME_COLUMNS}"
        raise InputError(f"{where}: not numeric: {', '.join(text)} ({such}); {hint}")
    for name in frame.columns:
        with np.errstate(invalid="ignore"):  # of a NaN that signals
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
        _check_rare(str(name), values, list(frame.columns), where)


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
