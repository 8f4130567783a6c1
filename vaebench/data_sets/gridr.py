"""Clusters on a disturbed square grid."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from vaebench.data_sets._clusters import Clusters
from vaebench.data_sets.grid import Grid
from vaebench.rows import Rows
from vaebench.seeds import generator


@dataclass(frozen=True)
class Gridr(Clusters):
    """The clusters of `grid`, each mean moved by U(-0.5, 0.5) in both directions.

    The gridr of Xu et al., "Modeling tabular data using conditional GAN", NeurIPS 2019, arXiv 1907.00503. The moves are
    part of the data set, not of a draw: another seed is another data set.
    """

    seed: Annotated[int, Ge(0)] = 0
    """Which moves."""
    side: Annotated[int, Ge(2), Le(10)] = 5
    """Clusters in a row, about 2 apart."""
    width: Annotated[float, Gt(0)] = 0.05**0.5
    """Standard deviation of a cluster."""

    @property
    def means(self) -> Rows:
        """The means of the grid, moved."""
        means = Grid(self.side).means
        moved: Rows = means + generator("gridr", self.seed).uniform(-0.5, 0.5, means.shape)
        return moved
