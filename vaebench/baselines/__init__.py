"""Baselines: generators other than autoencoders. One file each; every one that suits the data is on the leaderboard."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from vaebench.baselines._latent_normals import LatentNormals
from vaebench.data_sets import DataSet
from vaebench.parts import Part
from vaebench.rows import Kind, Rows


@dataclass(frozen=True)
class Baseline(Part):
    """Base class of baselines."""

    kind: ClassVar[str] = "baseline"
    copies: ClassVar[bool] = False
    """Whether it returns training rows, or blends of near ones. It then shows what copying scores."""
    oracle: ClassVar[bool] = False
    """Whether it knows more than the rows show, as no generator does."""

    @classmethod
    def of(cls, defaults: int) -> Self:
        """Return it as studies have it that began with this edition of the defaults (vaebench.study.file.earlier)."""
        return cls()

    def suits(self, data_set: DataSet) -> bool:
        """Return whether it can generate rows of `data_set`. If not, it is not on the leaderboard."""
        return True

    def reachable(self, data_set: DataSet) -> bool:
        """Return whether a generator that knows the rows alone could do as well: only then it may define score 1."""
        return not self.copies

    @abstractmethod
    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns).

        `data_set` is what the rows were drawn from. Only a baseline that may know the true family should look at it.
        """

    def generate_mixed(
        self, train: Rows, kinds: Sequence[Kind], n: int, random: np.random.Generator, data_set: DataSet
    ) -> Rows:
        """Do the same where columns are categories or have empty cells, which are NaN.

        Baselines of numbers generate rows of numbers that stand for these: see vaebench.baselines._latent_normals.
        """
        latent = LatentNormals.fit(train, kinds, random)
        return latent.undo(self.generate(latent.rows, n, random, data_set), random)
