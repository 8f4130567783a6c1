"""Clusters on a ring."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from vaebench.data_sets import Truth
from vaebench.rows import Rows


@dataclass(frozen=True)
class Ring(Truth):
    """Equal normal clusters about points of the unit circle: m_k + width e, m_k = (cos 2 pi k / K, sin 2 pi k / K).

    The common test of generators for lost clusters: Metz et al., "Unrolled generative adversarial networks", ICLR 2017,
    arXiv 1611.02163. Means and correlation are 0, and the variances 1/2 + width^2.
    """

    clusters: Annotated[int, Ge(3), Le(50)] = 8
    """K."""
    width: Annotated[float, Gt(0)] = 0.1
    """Standard deviation of a cluster."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Two columns, x and y."""
        return ("x", "y")

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, 2): a cluster for each row, then its place."""
        angles = 2 * np.pi * random.integers(self.clusters, size=n) / self.clusters
        rows: Rows = np.column_stack([np.cos(angles), np.sin(angles)]) + self.width * random.standard_normal((n, 2))
        return rows
