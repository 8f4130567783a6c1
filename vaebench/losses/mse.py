"""Half the squared error."""

from dataclasses import dataclass

import numpy as np

from vaebench.losses import Loss, Tensor
from vaebench.rows import Rows


@dataclass(frozen=True)
class Mse(Loss):
    """Half the squared error: l = (x - y)^2 / 2.

    Minus the log-likelihood of N(y, 1); beside beta * KL it is that of N(y, beta) with the KL at weight 1.
    """

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return (x - y)^2 / 2."""
        return 0.5 * (x - output) ** 2

    def derivatives(self, x: Rows, output: Rows) -> tuple[Rows, Rows]:
        """Return y - x and 1."""
        return output - x, np.ones(x.shape)
