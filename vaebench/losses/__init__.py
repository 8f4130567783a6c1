"""Reconstruction losses: minus the log-likelihood of a row given its code, up to constants.

One file each; the file's name is the loss's name. A loss is elementwise and unreduced. The engine always sums it over
columns and averages it over rows, so that the weight of a penalty means the same in every study.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from vaebench.parts import Part
from vaebench.rows import Rows

Tensor = Any
"""A tensorflow.Tensor. TensorFlow is imported inside functions, so that checking a study file does not load it."""


@dataclass(frozen=True)
class Loss(Part):
    """Base class of losses. Hyper-parameters are read from `self`: numbers outside programs, scalar tensors inside."""

    kind: ClassVar[str] = "loss"
    required_scaling: ClassVar[str | None] = None
    """The only scaling of the rows that works with the loss; None if any does."""
    learns_variance: ClassVar[bool] = False
    """Whether the decoder's variance is trained; decoder noise then has it, scaled as in `elementwise`."""

    activation: ClassVar[Literal["linear", "sigmoid"]] = "linear"
    """What turns the decoder's output into scaled rows."""

    @property
    def tails(self) -> float | None:
        """The degrees of freedom of decoder noise, which is then Student-t; None, the default, is normal noise."""
        return None

    @abstractmethod
    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return the loss of each cell, shape [B, F]: rows `x` [B, F], decoder `output` [B, F], `log_variance` [F]."""

    def derivatives(self, x: Rows, output: Rows) -> tuple[Rows, Rows] | None:
        """Return first and second derivative of each cell's loss with respect to `output`, NumPy, shape [n, F].

        They predict posterior collapse (see vaebench.trial.collapse). None, the default, makes no prediction.
        """
        return None

    def decoded(self, output: Tensor) -> Tensor:
        """Return the decoder's output as scaled rows, shape [B, F]."""
        import tensorflow as tf

        return tf.sigmoid(output) if self.activation == "sigmoid" else output
