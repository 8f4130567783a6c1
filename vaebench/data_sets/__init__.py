"""Data sets: how rows come to be. One file each; the file's name is the data set's key under [data] in a study file."""

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vaebench.errors import InputError
from vaebench.parts import Part, make
from vaebench.rows import Draw, Rows


@dataclass(frozen=True)
class DataSet(Part):
    """Base of every data set."""

    kind: ClassVar[str] = "data_set"

    @classmethod
    def parse(cls, value: Any, folder: Path) -> Self:
        """Build the data set from its value in the study file; `folder` is the study file's own.

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
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def available_rows(self) -> int | None:
        """How many rows there are; None where the truth can be drawn from without end."""
        return None

    @abstractmethod
    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int) -> Draw:
        """Draw `rows` rows split into train and test, and `true` true samples (a file: the held-out rows it has)."""


@dataclass(frozen=True)
class Truth(DataSet):
    """Base of data sets that can be drawn from without end: all rows are fresh draws."""

    @abstractmethod
    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, columns)."""

    def draw(self, random: np.random.Generator, *, rows: int, test_fraction: float, true: int) -> Draw:
        """Draw train, test, true and floor samples, each afresh."""
        train, test = split_sizes(rows, test_fraction)
        return Draw(*(self.sample(n, random) for n in (train, test, true, true)))

    def maximum_likelihood(self, train: Rows) -> Self | None:
        """Return the data set of this family under which `train`, shape (rows, columns), has the largest likelihood.

        None where the family has none here, or the rows do not determine it; nothing is raised for any finite rows.
        """
        return None


@runtime_checkable
class KnownCdf(Protocol):
    """A data set of one column whose distribution function is known: `ks_exact` is measured against it."""

    def cdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return P(X <= x), in the shape of `x`."""
        ...


def split_sizes(rows: int, test_fraction: float) -> tuple[int, int]:
    """Return how many of `rows` rows are for training and how many are held out: 100 at 0.33 are 67 and 33."""
    test = round(rows * test_fraction)
    return rows - test, test
