"""Reconstruction losses: minus the log-likelihood of a row given its code, up to constants.

One file each; the file's name is the loss's name. A loss is elementwise and unreduced: the engine sums it over columns
and takes the mean over rows, everywhere, so that the weight of a penalty beside it means the same in every study.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from vaebench.parts import Part
from vaebench.rows import Rows

Tensor = Any
"""A tensorflow.Tensor. TensorFlow is imported inside functions, so that checking a study file does not load it."""


@dataclass(frozen=True)
class Loss(Part):
    """Base of every loss. Hyper-parameters are read from `self`: numbers outside a program, scalar tensors inside."""

    kind: ClassVar[str] = "loss"
    required_scaling: ClassVar[str | None] = None
    """The only scaling of the rows that the loss makes sense for; None where any will do."""
    learns_variance: ClassVar[bool] = False
    """Whether the decoder's variance is a trained variable, which then is the decoder noise."""

    @abstractmethod
    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return the loss of each cell, shape [B, F]: rows `x` [B, F], decoder `output` [B, F], `log_variance` [F]."""

    def derivatives(self, x: Rows, output: Rows) -> tuple[Rows, Rows] | None:
        """Return first and second derivative of each cell's loss with respect to `output`, NumPy, shape [n, F].

        What foresees posterior collapse (see vaebench.trial.collapse). None where they do not tell, as is the default.
        """
        return None

    def decoded(self, output: Tensor) -> Tensor:
        """Return the decoder's output as scaled rows, shape [B, F]. The identity for most losses."""
        return output
