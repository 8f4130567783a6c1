"""Baselines: generators that are no autoencoder. One file each; every file found is a row of every leaderboard."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.data_sets import DataSet
from vaebench.parts import Part
from vaebench.rows import Rows


@dataclass(frozen=True)
class Baseline(Part):
    """Base of every baseline."""

    kind: ClassVar[str] = "baseline"
    copies: ClassVar[bool] = False
    """True where it returns training rows: it then says what pure copying scores, and never what is attainable."""

    def suits(self, data_set: DataSet) -> bool:
        """Say whether it can generate rows of `data_set`; where it cannot, it has no row on the leaderboard."""
        return True

    @abstractmethod
    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns).

        `data_set` is what the rows were drawn from: for a baseline that is told the truth's family, and no other.
        """
