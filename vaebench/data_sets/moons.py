"""Two interleaving half circles."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from vaebench.data_sets._curve import NoisyCurve
from vaebench.rows import Rows


@dataclass(frozen=True)
class Moons(NoisyCurve):
    """Two half circles with noise e: (cos t, sin t) and (1 - cos t, 1/2 - sin t), t ~ U(0, pi), each for half the rows.

    That of sklearn.datasets.make_moons.
    """

    noise: Annotated[float, Ge(0.01)] = 0.1
    """Standard deviation about the half circles."""

    def curve(self, u: NDArray[np.float64]) -> Rows:
        """Return points of the first half circle for `u` < 1/2, of the second for others."""
        t = 2 * np.pi * np.where(u < 0.5, u, u - 0.5)
        upper, lower = [np.cos(t), np.sin(t)], [1 - np.cos(t), 0.5 - np.sin(t)]
        return np.where(u < 0.5, upper, lower).T
