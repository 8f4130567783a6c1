"""The variational autoencoder."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt

from vaebench.variants import Networks, Tensor, Terms, Variant
from vaebench.variants._kl import kl_to_prior


@dataclass(frozen=True)
class Vae(Variant):
    """Variational autoencoder: reconstruction of D(z), z ~ N(mu, s^2), plus beta * KL(N(mu, s^2) || N(0, 1)).

    KL = sum over latent units of (mu^2 + s^2 - log s^2 - 1) / 2. With the loss `mse` the decoder's implied variance is
    beta; a latent direction dies where beta exceeds the data's variance along it.

    Kingma and Welling, "Auto-encoding variational Bayes", 2014, arXiv 1312.6114. Higgins et al., "beta-VAE", ICLR 2017.
    Warm-up: Sonderby et al., "Ladder variational autoencoders", 2016, arXiv 1602.02282.
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl"
    kl_weight: ClassVar[str | None] = "beta"
    structure: ClassVar[tuple[str, ...]] = ("log_variance",)

    beta: Annotated[float, Gt(0)] = 0.1
    """The KL's weight. 1 kills every latent unit of one standardised column with `mse`."""
    warm_up: Annotated[int, Ge(0)] = 0
    """Epochs over which the weight rises to beta in equal steps; 0 is no warm-up."""
    log_variance: Literal["linear", "relu"] = "linear"
    """Activation of z_log_var. With relu, s never falls below 1, and the decoded mean of prior draws keeps at most
    half the data's standard deviation (sqrt(sqrt(beta) - beta) of it, for a linear network, `mse` and one column)."""

    @property
    def log_variance_bounds(self) -> tuple[float, float]:
        """The bounds of every variant; with relu the lower one is 0."""
        low, high = super().log_variance_bounds
        return (0.0 if self.log_variance == "relu" else low), high

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss at one sampled code per row, and the KL."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        z = mean + tf.exp(0.5 * log_variance) * networks.latent_noise()
        kl = kl_to_prior(mean, log_variance)
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=kl)

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta * min(1, (epoch + 1) / warm_up)."""
        import tensorflow as tf

        return self.beta * tf.minimum(1.0, (epoch + 1.0) / tf.maximum(tf.cast(self.warm_up, tf.float32), 1.0))
