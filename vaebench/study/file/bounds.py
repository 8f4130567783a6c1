"""[data.columns] of a study file: the kind of a column, and the lowest and the highest value that it can have."""

import math
from collections.abc import Mapping
from typing import Any

from vaebench.data_sets import DataSet
from vaebench.errors import InputError, unknown
from vaebench.study.file.values import located, show

ENDS = ("min", "max")
READING = ("kind", "format", "decimal", "thousands")
"""What a column is (see vaebench.data_sets.file.infer.KINDS), and how a CSV writes it."""
MOST = 1e300
"""The largest bound: twice the distance between two is still a number."""
Bounds = tuple[tuple[float, float], ...]
"""Lowest and highest value of each column, infinite where there is none."""


def split_columns(table: Any) -> tuple[dict[str, dict[str, Any]], Any]:
    """Return what [data.columns] says of how columns are read, and what it says of their bounds."""
    if not isinstance(table, dict) or not all(isinstance(of, dict) for of in table.values()):
        return {}, table
    with located("columns."):
        for column, of in table.items():
            for key, value in of.items():
                if key not in (*READING, *ENDS):
                    raise InputError(f"{column} = {show(of)}: {unknown('key', key, (*READING, *ENDS))}")
                if key in READING and not isinstance(value, str):
                    raise InputError(f"{column}: {key} = {show(value)}: a text is expected")
    reading = {column: {key: of[key] for key in READING if key in of} for column, of in table.items()}
    ends = {column: {key: end for key, end in of.items() if key in ENDS} for column, of in table.items()}
    return (
        {column: of for column, of in reading.items() if of},
        {column: of for column, of in ends.items() if of or not reading[column]},
    )


def read_bounds(table: Any, data_set: DataSet) -> Bounds:
    """Return the bounds that [data.columns] declares, empty if it is. Raises InputError for a wrong column or bound."""
    example = "{ income = { min = 0 } }"
    if not isinstance(table, dict):
        raise InputError(f"columns = {show(table)}: a table of columns is expected, such as {example}")
    found = dict.fromkeys(data_set.columns, (-math.inf, math.inf))
    for column, ends in table.items():
        if why := data_set.without_bounds(column):
            raise InputError(f"columns.{column} = {show(ends)}: {why}")
        if column not in found:
            raise InputError(f"columns: {unknown('column', column, found)}")
        with located(f"columns.{column} = {show(ends)}: "):
            found[column] = _ends(ends)
    return tuple(found.values()) if table else ()


def check_bounds(bounds: Bounds, data_set: DataSet) -> None:
    """Raise InputError, with row and value, if rows of the data set are outside."""
    for column, (low, high) in zip(data_set.columns, bounds, strict=False):
        declared = ", ".join(f"{key} = {end:g}" for key, end in write_ends(low, high).items())
        if declared and (said := data_set.outside(column, low, high)):
            raise InputError(f"columns.{column}: {said}, outside {declared}: correct the row, or the bound")


def write_bounds(bounds: Bounds, data_set: DataSet) -> dict[str, Any]:
    """Invert `read_bounds`."""
    tables = {column: write_ends(*ends) for column, ends in zip(data_set.columns, bounds, strict=False)}
    return {column: ends for column, ends in tables.items() if ends}


def write_ends(low: float, high: float) -> dict[str, float]:
    """Return the table of one column's bounds."""
    return {key: end for key, end in zip(ENDS, (low, high), strict=True) if math.isfinite(end)}


def _ends(ends: Any) -> tuple[float, float]:
    if not isinstance(ends, Mapping) or not ends:
        raise InputError("min, max or both are expected, such as { min = 0 }")
    for key, end in ends.items():
        if key not in ENDS:
            raise InputError(unknown("key", key, ENDS))
        if isinstance(end, bool) or not isinstance(end, int | float) or not -MOST <= end <= MOST:
            raise InputError(f"{key} = {show(end)}: a number from -1e300 to 1e300 is expected")
    low, high = float(ends.get("min", -math.inf)), float(ends.get("max", math.inf))
    if low >= high:
        raise InputError(f"min must be below max, and {low:g} is not below {high:g}")
    return low, high
