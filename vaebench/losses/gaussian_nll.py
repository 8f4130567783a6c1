"""Gaussian negative log-likelihood with a learned decoder variance."""

from dataclasses import dataclass
from typing import ClassVar

from vaebench.losses import Loss, Tensor


@dataclass(frozen=True)
class GaussianNll(Loss):
    """Gaussian negative log-likelihood, variance learned: l = (log s^2 + (x - y)^2 / s^2) / 2, one s^2 a column.

    Rybkin et al., "Simple and effective VAE training with calibrated decoders" (sigma-VAE), ICML 2021,
    arXiv 2006.13202.
    """

    learns_variance: ClassVar[bool] = True

    # No `derivatives`: where the latent space dies, the learned variance takes up the rows' whole spread.

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return (log s^2 + (x - y)^2 / s^2) / 2."""
        import tensorflow as tf

        return 0.5 * (log_variance + (x - output) ** 2 * tf.exp(-log_variance))
