"""Data sets: how rows come to be. One file each; the file's name is the data set's key under [data] in a study file."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from vaebench.errors import InputError
from vaebench.parts import Kind, Part, make
from vaebench.records import Draw


@dataclass(frozen=True)
class DataSet(Part):
    """Base of every data set."""

    kind: ClassVar[Kind] = "data_set"

    @classmethod
    def parse(cls, value: Any, folder: Path) -> Self:
        """Build the data set from its value in the study file; `folder` is the study file's own.

        Raises InputError for anything that cannot give rows.
        """
        name = cls.__module__.rpartition(".")[2]
        if not isinstance(value, dict):
            raise InputError(f"{name} = {value!r}: a table of its parameters is expected")
        part = make("data_set", name, value)
        assert isinstance(part, cls)
        return part

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
