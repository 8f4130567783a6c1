"""Student-t negative log-likelihood with a learned decoder scale."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Gt

from vaebench.losses import Loss, Tensor


@dataclass(frozen=True)
class StudentT(Loss):
    """Student-t negative log-likelihood, scale learned: l = log s + (v + 1) / 2 log(1 + (x - y)^2 / (v s^2)).

    One s a column, v = degrees_of_freedom for all: a large error costs its logarithm, so far rows pull little. Decoder
    noise of generated rows is Student-t too. With v towards infinity this is `gaussian_nll`.

    Takahashi, Iwata, Yamanaka, Yamada and Yagi, "Student-t variational autoencoder for robust density estimation",
    IJCAI 2018, where v and s depend on the code; here s is learned for each column and v is set, or searched.
    """

    learns_variance: ClassVar[bool] = True

    degrees_of_freedom: Annotated[float, Gt(2)] = 5.0
    """How light the tails are. Above 2, where the variance is finite."""

    # No `derivatives`: where the latent space dies, the learned scale takes up the rows' whole spread.

    @property
    def tails(self) -> float:
        """The degrees of freedom."""
        return self.degrees_of_freedom

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return log s + (v + 1) / 2 log(1 + (x - y)^2 / (v s^2)), s^2 = exp(log_variance)."""
        import tensorflow as tf

        v = self.degrees_of_freedom
        return 0.5 * (log_variance + (v + 1.0) * tf.math.log1p((x - output) ** 2 * tf.exp(-log_variance) / v))
