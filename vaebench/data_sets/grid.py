"""Clusters on a square grid."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from vaebench.data_sets._clusters import Clusters
from vaebench.rows import Rows


@dataclass(frozen=True)
class Grid(Clusters):
    """Equal normal clusters on a square grid: m + width e, m in {-4, -2, 0, 2, 4}^2 and e ~ N(0, I).

    Standard deviation 0.224, a variance of 0.05, by default: the grid of Xu et al., "Modeling tabular data using
    conditional GAN", NeurIPS 2019, arXiv 1907.00503. The columns are independent, of variance 8 + width^2.
    """

    side: Annotated[int, Ge(2), Le(10)] = 5
    """Clusters in a row, 2 apart, about 0."""
    width: Annotated[float, Gt(0)] = 0.05**0.5
    """Standard deviation of a cluster."""

    @property
    def means(self) -> Rows:
        """All pairs of -side + 1, -side + 3, ..., side - 1."""
        places = np.arange(-self.side + 1.0, self.side, 2.0)
        return np.array(np.meshgrid(places, places, indexing="ij")).reshape(2, -1).T
