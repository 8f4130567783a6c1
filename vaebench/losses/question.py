"""Binary cross-entropy of numbers that are no probabilities."""

from dataclasses import dataclass
from typing import ClassVar

from vaebench.losses import Loss, Tensor

EPSILON = 1e-7


@dataclass(frozen=True)
class Question(Loss):
    """Replica of Keras's binary cross-entropy on raw rows: l = -x log p - (1 - x) log(1 - p).

    p is the output cut to [1e-7, 1 - 1e-7]. Neither x nor the output is a probability: for x above 1 the loss falls
    without end in p, and outside the cut nothing has a gradient.
    """

    replica: ClassVar[bool] = True

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return the cross-entropy of x and the clipped `output`."""
        import tensorflow as tf

        p = tf.clip_by_value(output, EPSILON, 1.0 - EPSILON)
        return -(x * tf.math.log(p) + (1.0 - x) * tf.math.log(1.0 - p))
