"""Two columns along a bent curve, which no correlation shows."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray

from vaebench.data_sets import Truth
from vaebench.rows import Rows


@dataclass(frozen=True)
class Banana(Truth):
    """A bent normal distribution: x ~ N(0, 1), y = bend (x^2 - 1) + noise e, e ~ N(0, 1).

    Both means are 0, the variance of y is 2 bend^2 + noise^2, and the correlation is 0 though y follows from x. Haario,
    Saksman and Tamminen, "Adaptive proposal distribution for random walk Metropolis algorithm", Computational
    Statistics 14, 1999.
    """

    bend: Annotated[float, Gt(0)] = 1.0
    noise: Annotated[float, Gt(0)] = 0.3
    """Standard deviation about the curve."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Two columns, x and y."""
        return ("x", "y")

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, 2)."""
        x, e = random.standard_normal((2, n))
        return np.column_stack([x, self.bend * (x**2 - 1) + self.noise * e])

    def log_density(self, rows: Rows) -> NDArray[np.float64]:
        """Return the log density of each of `rows`, shape (rows, 2): that of x and of e, less log noise."""
        x, y = rows.T
        e = (y - self.bend * (x**2 - 1)) / self.noise
        density: NDArray[np.float64] = -np.log(2 * np.pi * self.noise) - 0.5 * (x**2 + e**2)
        return density
