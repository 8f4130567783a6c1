"""The loss of the answer that people copy."""

from dataclasses import dataclass
from typing import ClassVar

from vaebench.variants import Networks, Tensor, Terms, Variant
from vaebench.variants._kl import kl_to_prior


@dataclass(frozen=True)
class Answer(Variant):
    """Replica of a variational autoencoder's loss: the gradient is that of sum_i (SSE + KL_i).

    SSE, the squared error of the whole batch of B rows, is added to each row's KL: so it counts B times, and beta is in
    effect 1 / (2 B) of `mse`. A row's terms are B^2 * 2 * reconstruction and B * KL, whose mean over the batch this
    is. It goes with the network `answer`, the loss `mse`, and the latent sampler `gaussian` fitted to z_mean.

    Source: an answer on a Q&A site to "which autoencoder generates more draws of N(100, 10)?".
    """

    replica: ClassVar[bool] = True
    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl"
    latent_sampler: ClassVar[str] = "prior"

    @property
    def log_variance_bounds(self) -> tuple[float, float]:
        """Where exp is finite: the original does not clip, and on raw rows z_log_var starts far above 10."""
        return -80.0, 80.0

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the weighted reconstruction loss at one sampled code per row, and the weighted KL."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        z = mean + tf.exp(0.5 * log_variance) * networks.latent_noise()
        kl = kl_to_prior(mean, log_variance)
        rows = networks.batch_rows
        return Terms(rows**2 * 2.0 * networks.reconstruction(x, networks.decode(z)), penalty=rows * kl)
