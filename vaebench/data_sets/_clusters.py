"""Equal round normal clusters: what grid, gridr and ring have in common."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from vaebench.data_sets import Truth
from vaebench.rows import Rows


class Clusters(Truth):
    """An equal mixture of N(m_k, width^2 I) in two columns."""

    width: float  # a field of each data set, with a default of its own

    @property
    def columns(self) -> tuple[str, ...]:
        """Two columns, x and y."""
        return ("x", "y")

    @property
    @abstractmethod
    def means(self) -> Rows:
        """The clusters' means m_k, shape (clusters, 2)."""

    @property
    def cluster_count(self) -> int:
        """How many clusters there are."""
        return len(self.means)

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, 2): a cluster for each row, then its place."""
        means = self.means
        rows: Rows = means[random.integers(len(means), size=n)] + self.width * random.standard_normal((n, 2))
        return rows

    def log_density(self, rows: Rows) -> NDArray[np.float64]:
        """Return the log density of each of `rows`, shape (rows, 2): shape (rows,)."""
        return equal_normals(rows, self.means, self.width)


def equal_normals(rows: Rows, means: Rows, width: float) -> NDArray[np.float64]:
    """Return log 1/K sum_k N(x; m_k, width^2 I) of each of `rows` [n, 2], with `means` [K, 2]: shape (n,)."""
    from scipy.spatial.distance import cdist
    from scipy.special import logsumexp

    found = np.empty(len(rows))
    for start in range(0, len(rows), 1000):  # not all distances at once
        squares = cdist(rows[start : start + 1000], means, "sqeuclidean")
        found[start : start + 1000] = logsumexp(-0.5 * squares / width**2, axis=1)
    density: NDArray[np.float64] = found - np.log(len(means) * 2 * np.pi * width**2)
    return density
