"""The information-maximising variational autoencoder."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from vaebench.variants import Networks, Tensor, Terms, Variant
from vaebench.variants._kl import kl_to_prior
from vaebench.variants._mmd import squared_mmd


@dataclass(frozen=True)
class InfoVae(Variant):
    """InfoVAE: reconstruction of D(z), z ~ N(mu, s^2), plus (1 - alpha) KL + (alpha + lam - 1) MMD^2(z, N(0, 1)).

    KL is that of `vae`, MMD^2 that of `wae_mmd`, between the batch's sampled codes and draws of the prior. 1 - alpha
    takes the place of `beta`; alpha = 0 and lam = 1 is `vae` with beta 1, which collapses with `mse` and one
    standardised column; alpha = 1 is MMD-VAE, where codes have no spread of their own.

    Zhao, Song and Ermon, "InfoVAE: balancing learning and inference in variational autoencoders", AAAI 2019,
    arXiv 1706.02262.
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl_and_mmd"

    alpha: Annotated[float, Ge(0), Le(1)] = 0.9
    """The share of the KL that is given up."""
    lam: Annotated[float, Ge(1)] = 2.0
    """The paper's lambda, which weighs the match of all codes together with the prior."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss at one sampled code per row, and the weighted sum of KL and MMD^2."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        z = mean + tf.exp(0.5 * log_variance) * networks.latent_noise()
        kl = kl_to_prior(mean, log_variance)
        penalty = (1.0 - self.alpha) * kl + (self.alpha + self.lam - 1.0) * squared_mmd(z, networks)
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty)
