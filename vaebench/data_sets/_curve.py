"""Normal noise about a curve in the plane: what moons and spiral have in common."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from vaebench.data_sets import Truth
from vaebench.data_sets._clusters import equal_normals
from vaebench.rows import Rows

NODES = 2000
"""Points of the curve that its density is summed over: they are far closer to each other than the noise is wide."""


class NoisyCurve(Truth):
    """c(u) + noise e, u ~ U(0, 1), e ~ N(0, I)."""

    noise: float  # a field of each data set, with a default of its own

    @property
    def columns(self) -> tuple[str, ...]:
        """Two columns, x and y."""
        return ("x", "y")

    @abstractmethod
    def curve(self, u: NDArray[np.float64]) -> Rows:
        """Return the points c(u) of the curve, shape (rows, 2), for `u` between 0 and 1, shape (rows,)."""

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, 2): points of the curve, then their noise."""
        rows: Rows = self.curve(random.random(n)) + self.noise * random.standard_normal((n, 2))
        return rows

    def log_density(self, rows: Rows) -> NDArray[np.float64]:
        """Return the log density of each of `rows`, shape (rows, 2), by the midpoint rule along the curve."""
        return equal_normals(rows, self.curve((np.arange(NODES) + 0.5) / NODES), self.noise)
