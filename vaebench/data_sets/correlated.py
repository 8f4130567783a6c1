"""Normal columns that are correlated with each other."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le, Lt
from numpy.typing import NDArray

from vaebench.data_sets import Truth
from vaebench.rows import Rows


@dataclass(frozen=True)
class Correlated(Truth):
    """Standard normal columns with one correlation: x_i = sqrt(r) u + sqrt(1 - r) e_i, u and e_i ~ N(0, 1).

    The covariance has the eigenvalue 1 + (dimensions - 1) r once and 1 - r otherwise: the model of probabilistic PCA
    with one component. Tipping and Bishop, JRSS B 61(3), 1999.
    """

    dimensions: Annotated[int, Ge(2), Le(20)] = 3
    """How many columns."""
    correlation: Annotated[float, Ge(0), Lt(1)] = 0.8
    """Of any two columns."""

    @property
    def columns(self) -> tuple[str, ...]:
        """x1, x2, ..."""
        return tuple(f"x{i + 1}" for i in range(self.dimensions))

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, dimensions)."""
        shared, own = random.standard_normal((n, 1)), random.standard_normal((n, self.dimensions))
        rows: Rows = np.sqrt(self.correlation) * shared + np.sqrt(1 - self.correlation) * own
        return rows

    def log_density(self, rows: Rows) -> NDArray[np.float64]:
        """Return the log density of each of `rows`, shape (rows, dimensions): shape (rows,)."""
        d, r = self.dimensions, self.correlation
        along, across = 1 + (d - 1) * r, 1 - r  # the eigenvalues
        mean = rows.sum(axis=1) / np.sqrt(d)  # the coordinate along (1, ..., 1)
        squares = mean**2 / along + ((rows**2).sum(axis=1) - mean**2) / across
        log_determinant = np.log(along) + (d - 1) * np.log(across)
        density: NDArray[np.float64] = -0.5 * (d * np.log(2 * np.pi) + log_determinant + squares)
        return density
