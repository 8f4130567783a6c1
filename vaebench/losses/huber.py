"""Huber's loss."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt

from vaebench.losses import Loss, Tensor
from vaebench.rows import Rows


@dataclass(frozen=True)
class Huber(Loss):
    """Quadratic near zero, linear beyond: l = r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2); r = x - y.

    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).
    """

    delta: Annotated[float, Gt(0)] = 1.0
    """Where the quadratic part ends, in scaled units."""

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return Huber's loss of x - y."""
        import tensorflow as tf

        r = tf.abs(x - output)
        near = tf.minimum(r, self.delta)
        return near * (r - 0.5 * near)

    def derivatives(self, x: Rows, output: Rows) -> tuple[Rows, Rows]:
        """Return y - x, cut off at delta, and 1 within it, else 0."""
        r = output - x
        return np.clip(r, -self.delta, self.delta), (np.abs(r) <= self.delta).astype(np.float64)
