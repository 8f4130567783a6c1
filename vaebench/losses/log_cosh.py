"""The logarithm of the hyperbolic cosine of the error."""

import math
from dataclasses import dataclass

import numpy as np

from vaebench.losses import Loss, Tensor
from vaebench.rows import Rows


@dataclass(frozen=True)
class LogCosh(Loss):
    """A smooth absolute error: l = log cosh(x - y), about r^2 / 2 near zero and |r| - log 2 far from it.

    Chen et al., "Log hyperbolic cosine loss improves variational auto-encoder", 2019,
    openreview.net/forum?id=rkglvsC9Ym.
    """

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return log cosh(x - y), written so that it does not overflow."""
        import tensorflow as tf

        r = tf.abs(x - output)
        return r + tf.math.softplus(-2.0 * r) - math.log(2.0)

    def derivatives(self, x: Rows, output: Rows) -> tuple[Rows, Rows]:
        """Return tanh(y - x) and 1 - tanh(y - x)^2."""
        slope = np.tanh(output - x)
        return slope, 1.0 - slope**2
