"""Baselines: generators that are no autoencoder. One file each; every file found is a row of every leaderboard."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.parts import Kind, Part
from vaebench.records import Rows


@dataclass(frozen=True)
class Baseline(Part):
    """Base of every baseline."""

    kind: ClassVar[Kind] = "baseline"

    @abstractmethod
    def generate(self, train: Rows, n: int, random: np.random.Generator) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
