"""Data sets: the sources of rows. One file each; the file's name is the data set's key under [data] in a study file."""

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vaebench.errors import InputError
from vaebench.parts import Part, make
from vaebench.rows import Draw, Kind, Rows

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = 10_000
"""Rows drawn to see whether they are within the bounds of a column."""


@dataclass(frozen=True)
class DataSet(Part):
    """Base class of data sets."""

    kind: ClassVar[str] = "data_set"

    @classmethod
    def parse(cls, value: Any, folder: Path) -> Self:
        """Build the data set from its value in the study file, which is in `folder`.

        Raises InputError for anything that cannot give rows.
        """
        name = cls.__module__.rpartition(".")[2]
        if not isinstance(value, dict):
            raise InputError(f"{name} = {value!r}: a table of its parameters is expected")
        part = make(DataSet, name, value)
        assert isinstance(part, cls)
        return part

    def plain(self) -> Any:
        """Return the plain value that `from_plain` rebuilds the data set from; it is stored with a study."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Rebuild the data set from `plain()`."""
        return cls.parse(value, Path())

    @property
    def levels(self) -> tuple[int, ...]:
        """How many codes 0, 1, ... each category has, 0 for numbers; empty if there is no category."""
        return ()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of each column; empty if all are numbers and no cell is empty."""
        return ()

    @property
    def level_names(self) -> tuple[tuple[str, ...], ...]:
        """What each category's codes 0, 1, ... stand for, nothing for numbers; empty if there is no category."""
        return ()

    def going_on(self, old: "DataSet") -> "DataSet":
        """Return this data set as a study goes on with it that was begun with `old`."""
        return self

    def decode(self, rows: Rows) -> "pd.DataFrame":
        """Return rows, shape (rows, columns), as a table for users."""
        import pandas as pd

        return pd.DataFrame(rows, columns=list(self.columns))

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def available_rows(self) -> int | None:
        """How many rows there are; None if the true distribution can be sampled without limit."""
        return None

    def doubts(self, rows: int, test_fraction: float) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what looks wrong about the rows: each in brief, then what follows and what to do, line by line."""
        yield from ()

    def changes(self, new: "DataSet") -> Iterator[str]:
        """Yield, in words, what is different about the rows of `new` that `plain()` does not show."""
        yield from ()

    def without_bounds(self, column: str) -> str:
        """Return why `column` can have no bounds; empty if it can, or if there is no such column."""
        return ""

    def outside(self, column: str, low: float, high: float) -> str:
        """Return, in words, a row whose value in `column` is not from `low` to `high`; empty if there is none.

        Of rows that are drawn without limit, SAMPLE are looked at.
        """
        rows = self.draw(np.random.default_rng(0), rows=SAMPLE, test_fraction=0.0, true=1, generated=1).train
        values = rows[:, self.columns.index(column)]
        bad = values[(values < low) | (values > high)]
        return f"the data set draws {bad[0]:g}" if bad.size else ""

    @abstractmethod
    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int, generated: int) -> Draw:
        """Draw `rows` rows split into train and test, `true` true samples, and `generated` for the noise floor.

        A file has half of its held-out rows as true samples, and all its other rows for the noise floor.
        """


@dataclass(frozen=True)
class Truth(DataSet):
    """Base class of data sets with a known distribution: all rows are fresh draws."""

    @abstractmethod
    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, columns)."""

    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int, generated: int) -> Draw:
        """Draw train, test, true and floor rows independently."""
        train, test = split_sizes(rows, test_fraction)
        parts = [self.sample(n, random) for n in (train, test, true, generated)]
        return Draw(train=parts[0], test=parts[1], true=parts[2], floor=parts[3])

    @property
    def known_ends(self) -> tuple[float, ...]:
        """The ends of the support that `maximum_likelihood` takes as known, whatever the rows."""
        return ()

    def maximum_likelihood(self, train: Rows) -> Self | None:
        """Return the data set of this family under which `train`, shape (rows, columns), has the largest likelihood.

        None if the family is not fitted, or if the rows do not determine the maximum. Raises nothing for finite rows.
        """
        return None


@runtime_checkable
class KnownCdf(Protocol):
    """A data set of one column with a known distribution function, which `ks_exact` is measured against."""

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return P(X <= x), in the shape of `x`."""
        ...


@runtime_checkable
class KnownDensity(Protocol):
    """A data set of several columns with a known density, by which `l_syn` judges generated rows."""

    def log_density(self, rows: Rows) -> NDArray[np.float64]:
        """Return log p(x) of each of `rows`, shape (rows, columns): shape (rows,)."""
        ...


@runtime_checkable
class KnownClusters(KnownDensity, Protocol):
    """One that is an equal mixture of round normal clusters, by whose number `l_test` judges."""

    @property
    def cluster_count(self) -> int:
        """How many clusters there are."""
        ...


def split(values: Rows, random: np.random.Generator, *, rows: int, test_fraction: float) -> Draw:
    """Split `rows` random ones of `values`: training rows, and held-out rows, half of them to test and half as truth.

    The truth beyond them is unknown, so the noise floor is measured with all rows that are not scored against.
    """
    chosen = values[random.permutation(len(values))[:rows]]
    train, held_out = split_sizes(rows, test_fraction)
    others = train + held_out // 2
    return Draw(train=chosen[:train], test=chosen[train:others], true=chosen[others:], floor=chosen[:others])


def split_sizes(rows: int, test_fraction: float) -> tuple[int, int]:
    """Return the numbers of training and of held-out rows: 100 rows at 0.33 give 67 and 33."""
    test = round(rows * test_fraction)
    return rows - test, test
