"""The importance-weighted autoencoder."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Iwae(Variant):
    """Importance-weighted autoencoder: -beta * log mean_k exp(-reconstruction_k / beta) p(z_k) / q(z_k given x).

    z_1 ... z_draws ~ N(mu, s^2). With `mse` beta is the decoder's variance, as in `vae`: so this is beta times a bound
    on -log p(x), up to a constant, which falls to it as `draws` grows. draws = 1 is `vae`, in expectation over z. On
    loss curves stand the mean reconstruction over the draws and `kl`, what the bound adds to it, over beta.

    With several draws q may be wider than the posterior, for the best of them counts most. So codes drawn from q, and
    what is fitted to them, spread too far, and the latent sampler that suits is the prior.

    Collapses where `vae` does: beta times the bound of a decoder that has just begun to use the code is lower than of
    one that does not only where beta is below the rows' largest variance, whatever `draws` is.

    Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", ICLR 2016, arXiv 1509.00519.
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl"
    proposes: ClassVar[bool] = True
    kl_weight: ClassVar[str | None] = "beta"
    latent_sampler: ClassVar[str] = "prior"
    structure: ClassVar[tuple[str, ...]] = ("draws",)

    beta: Annotated[float, Gt(0)] = 0.1
    """The KL's weight; 1 collapses with `mse` and one standardised column."""
    draws: Annotated[int, Ge(1), Le(50)] = 5
    """Codes drawn for each row, the paper's k. Training takes longer in proportion."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the mean reconstruction loss over the draws, and the rest of the bound."""
        import tensorflow as tf

        mean, log_variance = (tf.tile(each, (self.draws, 1)) for each in networks.encode(x))  # [draws * B, Z]
        noise = networks.latent_noise(self.draws)
        z = mean + tf.exp(0.5 * log_variance) * noise
        log_ratio = 0.5 * tf.reduce_sum(z**2 - noise**2 - log_variance, axis=-1)  # log q(z) - log p(z)
        lost = networks.reconstruction(tf.tile(x, (self.draws, 1)), networks.decode(z))  # [draws * B]
        costs = tf.reshape(lost / self.beta + log_ratio, (self.draws, -1))
        bound = math.log(self.draws) - tf.reduce_logsumexp(-costs, axis=0)  # [B]
        reconstruction = tf.reduce_mean(tf.reshape(lost, (self.draws, -1)), axis=0)
        return Terms(reconstruction, penalty=bound - reconstruction / self.beta)

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta
