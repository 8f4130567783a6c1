"""Binary cross-entropy with logits."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from vaebench.losses import Loss, Tensor
from vaebench.rows import Rows


@dataclass(frozen=True)
class BinaryCrossentropy(Loss):
    """Binary cross-entropy on min-max scaled rows: l = -x log p - (1 - x) log(1 - p), p = sigmoid(output).

    Needs x in [0, 1]: on raw data it clips and learns nothing. Rows beyond the training rows' range (they occur in the
    validation loss) count as 0 or 1.
    """

    required_scaling: ClassVar[str | None] = "minmax"
    activation: ClassVar[Literal["linear", "sigmoid"]] = "sigmoid"

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return the cross-entropy of the logits `output`."""
        import tensorflow as tf

        return tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.clip_by_value(x, 0.0, 1.0), logits=output)

    def derivatives(self, x: Rows, output: Rows) -> tuple[Rows, Rows]:
        """Return p - x and p (1 - p), p = sigmoid(output)."""
        p = 1.0 / (1.0 + np.exp(-output))
        return p - np.clip(x, 0.0, 1.0), np.broadcast_to(p * (1.0 - p), x.shape)
