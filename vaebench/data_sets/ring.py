"""Clusters on a ring."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from vaebench.data_sets._clusters import Clusters
from vaebench.rows import Rows


@dataclass(frozen=True)
class Ring(Clusters):
    """Equal normal clusters about points of the unit circle: m_k + width e, m_k = (cos 2 pi k / K, sin 2 pi k / K).

    The common test of generators for lost clusters: Metz et al., "Unrolled generative adversarial networks", ICLR 2017,
    arXiv 1611.02163. Means and correlation are 0, and the variances 1/2 + width^2. With width = 0.22360679774997896, a
    variance of 0.05, it is the ring of the CTGAN paper (arXiv 1907.00503).
    """

    clusters: Annotated[int, Ge(3), Le(50)] = 8
    """K."""
    width: Annotated[float, Gt(0)] = 0.1
    """Standard deviation of a cluster."""

    @property
    def means(self) -> Rows:
        """Points of the unit circle at equal angles."""
        angles = 2 * np.pi * np.arange(self.clusters) / self.clusters
        return np.column_stack([np.cos(angles), np.sin(angles)])
