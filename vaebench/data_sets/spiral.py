"""A spiral."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from vaebench.data_sets._curve import NoisyCurve
from vaebench.rows import Rows


@dataclass(frozen=True)
class Spiral(NoisyCurve):
    """A spiral with noise e: r (cos 2 pi turns r, sin 2 pi turns r), r = sqrt(u), u ~ U(0, 1).

    The root spreads rows about evenly along the spiral, as in the two spirals of Lang and Witbrock, "Learning to tell
    two spirals apart", Connectionist Models Summer School 1988.
    """

    turns: Annotated[float, Gt(0), Le(5)] = 1.5
    """How often it turns on its way from the middle to the unit circle."""
    noise: Annotated[float, Ge(0.01)] = 0.03
    """Standard deviation about the spiral."""

    def curve(self, u: NDArray[np.float64]) -> Rows:
        """Return the points at distance sqrt(u) from the middle."""
        r = np.sqrt(u)
        angle = 2 * np.pi * self.turns * r
        return np.column_stack([r * np.cos(angle), r * np.sin(angle)])
