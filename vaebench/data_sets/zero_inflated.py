"""An amount that is often zero, beside a column that it depends on."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt, Le, Lt

from vaebench.data_sets import Truth
from vaebench.rows import Rows


@dataclass(frozen=True)
class ZeroInflated(Truth):
    """amount = exp(spread e) where a + x > 0, else exactly 0; x, e ~ N(0, 1), a ~ N(m, 1) so that P(0) = zeros.

    A two-part model: whether there is an amount goes along with x, how large it is does not. An atom has no density, so
    networks come near to 0 and hardly ever draw it. Duan, Manning, Morris and Newhouse, "A comparison of alternative
    models for the demand for medical care", Journal of Business and Economic Statistics 1(2), 1983.
    """

    zeros: Annotated[float, Gt(0), Lt(1)] = 0.7
    """Share of rows whose amount is 0."""
    spread: Annotated[float, Gt(0), Le(3)] = 0.8
    """Standard deviation of the logarithm of the others."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Two columns, x and amount."""
        return ("x", "amount")

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, 2)."""
        from scipy.special import ndtri

        x, a, e = random.standard_normal((3, n))
        some = a + x > np.sqrt(2) * ndtri(self.zeros)
        return np.column_stack([x, np.where(some, np.exp(self.spread * e), 0.0)])
