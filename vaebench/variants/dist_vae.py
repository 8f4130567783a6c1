"""The variational autoencoder that is judged by the distribution it decodes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le

from vaebench.variants import Networks, Tensor, Terms, Variant
from vaebench.variants._kl import kl_to_prior


@dataclass(frozen=True)
class DistVae(Variant):
    """Distributional VAE: CRPS of the rows D(z_1) ... D(z_draws), z_k ~ N(mu, s^2), plus beta * KL.

    CRPS = mean_k |x - y_k| - mean_{k != l} |y_k - y_l| / 2, summed over columns: the continuous ranked probability
    score of an ensemble, the unbiased form for few draws. KL is that of `vae`. The loss of the study does not enter,
    except that it says how the decoder's output becomes rows.

    The score and the KL are An and Jeon's. Ours is the ensemble: in the paper the decoder gives each column's quantile
    function as a spline, whose CRPS has a closed form, and rows are drawn by inverse transform; here the decoder gives
    a row, and what spreads is the code.

    An and Jeon, "Distributional learning of variational autoencoder: application to synthetic data generation",
    NeurIPS 2023, arXiv 2302.11294. Ferro, "Fair scores for ensemble forecasts", Q. J. R. Meteorol. Soc. 140 (2014).
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl"
    structure: ClassVar[tuple[str, ...]] = ("draws",)
    uses_loss: ClassVar[bool] = False

    beta: Annotated[float, Gt(0)] = 0.03
    """The KL's weight."""
    draws: Annotated[int, Ge(2), Le(50)] = 5
    """Codes drawn for each row. Training takes longer in proportion."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the CRPS of each row over the draws, and the KL."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        kl = kl_to_prior(mean, log_variance)
        std = tf.exp(0.5 * log_variance)
        z = tf.tile(mean, (self.draws, 1)) + tf.tile(std, (self.draws, 1)) * networks.latent_noise(self.draws)
        rows = tf.reshape(networks.decoded(networks.decode(z)), (self.draws, *x.shape))  # [draws, B, F]
        far = tf.reduce_mean(tf.abs(x - rows), axis=0)
        pairs = [tf.abs(rows - tf.roll(rows, lag, axis=0)) for lag in range(1, self.draws)]  # each draw and each other
        apart = tf.reduce_mean(tf.add_n(pairs), axis=0) / (self.draws - 1)
        return Terms(tf.reduce_sum(far - 0.5 * apart, axis=-1), penalty=kl)

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta
