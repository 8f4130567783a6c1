"""The variational autoencoder with a capacity that rises."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from vaebench.variants import Networks, Tensor, Terms, Variant
from vaebench.variants._kl import kl_to_prior


@dataclass(frozen=True)
class Capacity(Variant):
    """VAE held to a capacity: reconstruction of D(z), z ~ N(mu, s^2), plus gamma * |mean KL - C(epoch)|.

    C(epoch) = capacity * min(1, (epoch + 1) / warm_up), in nats a row over all latent units. The KL is that of `vae`,
    averaged over the batch, as implementations do; the paper writes it for a single row. capacity = 0 is `vae` with
    beta = gamma. A linear network with `mse` reconstructs one standardised column of normal rows but for the share
    exp(-2 C) of its variance, 2 % at C = 2; each further column takes as much again. A nat of KL gains
    less than 1 of reconstruction there, so that gamma = 1 holds the KL at C, and nothing collapses. With a larger gamma
    training moves slowly once the KL is at C, and codes stay narrower than the prior: fit the latent sampler to them.
    Training losses are those with the C of their epoch, validation losses those with the last.

    Burgess et al., "Understanding disentangling in beta-VAE", 2018, arXiv 1804.03599.
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl_off_capacity"

    gamma: Annotated[float, Gt(0)] = 1.0
    """The penalty's weight."""
    capacity: Annotated[float, Ge(0)] = 2.0
    """The KL of late epochs, in nats."""
    warm_up: Annotated[int, Ge(0)] = 25
    """Epochs over which the capacity rises in equal steps; 0 is no warm-up."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss at one sampled code per row, and |mean KL - C| of the batch for each row."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        z = mean + tf.exp(0.5 * log_variance) * networks.latent_noise()
        kl = kl_to_prior(mean, log_variance)
        mean_kl = tf.reduce_sum(networks.counted * kl) / networks.batch_rows
        off = tf.abs(mean_kl - self.capacity_in(networks.epoch))
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=tf.fill([x.shape[0]], off))

    def capacity_in(self, epoch: Tensor) -> Tensor:
        """Return C(epoch)."""
        import tensorflow as tf

        return self.capacity * tf.minimum(1.0, (epoch + 1.0) / tf.maximum(tf.cast(self.warm_up, tf.float32), 1.0))

    def weight(self, epoch: Tensor) -> Tensor:
        """Return gamma."""
        return self.gamma
