"""The small tables that come with scikit-learn."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from vaebench.data_sets import DataSet, split
from vaebench.data_sets.file.columns import chosen_columns
from vaebench.errors import InputError, unknown
from vaebench.rows import Draw, Rows

TABLES = ("iris", "wine", "breast_cancer", "diabetes")


@dataclass(frozen=True)
class SklearnTable(DataSet):
    """A table that comes with scikit-learn: sklearn = "iris", or { table = "iris", columns = ["sepal length (cm)"] }.

    Its numeric columns without what is to be predicted. Rows are split as those of a file are; the truth beyond them is
    unknown. sklearn.datasets.load_iris, load_wine, load_breast_cancer, load_diabetes.
    """

    table: str = "iris"
    columns: tuple[str, ...] = ()
    available_rows: int = 0

    @classmethod
    def parse(cls, value: Any, folder: Path) -> Self:
        """Load the table. Raises InputError for one that there is not, and for unknown columns."""
        wanted = {"table": value} if isinstance(value, str) else value
        if not isinstance(wanted, dict) or not isinstance(wanted.get("table"), str):
            raise InputError(f'sklearn = {value!r}: "iris" or {{ table = "iris", columns = ["a", "b"] }} is expected')
        for key in wanted:
            if key not in ("table", "columns"):
                raise InputError(f"sklearn: {unknown('key', key, ('table', 'columns'))}")
        name = wanted["table"]
        if name not in TABLES:
            raise InputError(f"sklearn = {name!r}: {unknown('table', name, TABLES)}")
        known, values = _load(name)
        return cls(name, chosen_columns(list(known), wanted.get("columns"), f"sklearn = {name!r}"), len(values))

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Rebuild it from `plain()` without loading the table."""
        return cls(value["table"], tuple(value["columns"]), value["available_rows"])

    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int, generated: int) -> Draw:
        """Split `rows` random rows of the table."""
        known, values = _load(self.table)
        chosen = values[:, [known.index(name) for name in self.columns]]
        return split(chosen, random, rows=rows, test_fraction=test_fraction)


@cache
def _load(table: str) -> tuple[tuple[str, ...], Rows]:
    """Return the names of a table's columns, and its values, shape (rows, columns)."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{table}")()
    values = np.array(bunch.data, dtype=np.float64)
    values.setflags(write=False)
    return tuple(map(str, bunch.feature_names)), values
