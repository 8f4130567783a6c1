"""The variational autoencoder with a VampPrior."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from vaebench.variants import Array, Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Vamp(Variant):
    """Variational autoencoder with a learned prior: beta * (log q(z given x) - log mean_k q(z given u_k)) for the KL.

    The pseudo-inputs u_1 ... u_K are rows that are trained along, from training rows on; their codes make the prior a
    mixture of K Gaussians, from which the latent sampler `vamp` draws. With `inputs` = 1 the penalty is, in expectation
    over z, beta times the KL of two Gaussians.

    Tomczak and Welling, "VAE with a VampPrior", AISTATS 2018, arXiv 1705.07120.
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl"
    latent_sampler: ClassVar[str] = "vamp"
    kl_weight: ClassVar[str | None] = "beta"
    structure: ClassVar[tuple[str, ...]] = ("inputs",)
    pseudo_inputs: ClassVar[str | None] = "u"

    beta: Annotated[float, Gt(0)] = 0.1
    """The penalty's weight; 1 collapses with `mse` and one standardised column."""
    inputs: Annotated[int, Ge(1), Le(500)] = 20
    """The number of pseudo-inputs, K."""

    def variables(self, x: Array, latent_mask: Array, random: np.random.Generator) -> Mapping[str, Array]:
        """Return the pseudo-inputs [K, F]: training rows, none twice as long as there are enough."""
        return {"u": x[random.choice(len(x), self.inputs, replace=self.inputs > len(x))]}

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss at one sampled code per row, and log posterior - log prior there."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        of_u, log_variance_of_u = networks.encode_inference(networks.variables["u"])  # [K, Z] each
        assert log_variance is not None
        assert log_variance_of_u is not None
        noise = networks.latent_noise()
        z = mean + tf.exp(0.5 * log_variance) * noise
        # log densities but for the constant that both have
        posterior = -0.5 * tf.reduce_sum(noise**2 + log_variance, axis=-1)  # [B]
        squares = (z[:, None] - of_u) ** 2 * tf.exp(-log_variance_of_u) + log_variance_of_u  # [B, K, Z]
        prior = tf.reduce_logsumexp(-0.5 * tf.reduce_sum(squares, axis=-1), axis=-1) - np.log(self.inputs)
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=posterior - prior)

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta
