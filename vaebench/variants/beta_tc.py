"""The variational autoencoder that weighs total correlation."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from vaebench.variants import Networks, Tensor, Terms, Variant
from vaebench.variants._kl import kl_to_prior

BLOCK = 128
"""Rows that are compared with each other. All pairs of thousands of test rows would take gigabytes."""


@dataclass(frozen=True)
class BetaTc(Variant):
    """Beta-TCVAE: `vae` whose KL weighs total correlation by itself: beta * (KL + (tc - 1) * TC).

    TC = KL(q(z) || prod_j q(z_j)), where q(z) is the mean of q(z given x) over training rows. As
    KL = I(x; z) + TC + sum_j KL(q(z_j) || N(0, 1)), `tc` is TC's weight among the three, the paper's beta: codes of
    different latent units become independent. `tc` = 1 is `vae`. The density q(z_i) is estimated from the batch,
    1/N q(z_i given x_i) + (N - 1)/N mean_(k != i) q(z_i given x_k), N the number of training rows: unbiased, though its
    logarithm is not. Collapses where `vae` does, as TC is of fourth order in codes that have just begun to differ.

    Chen, Li, Grosse and Duvenaud, "Isolating sources of disentanglement in variational autoencoders", NeurIPS 2018,
    arXiv 1802.04942, appendix C (stratified sampling, here with equal weights of the other rows).
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl_and_total_correlation"
    kl_weight: ClassVar[str | None] = "beta"

    beta: Annotated[float, Gt(0)] = 0.1
    """The KL's weight; 1 collapses with `mse` and one standardised column."""
    tc: Annotated[float, Ge(0)] = 6.0
    """The weight of total correlation within the KL; 1 is `vae`."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss at one sampled code per row, and the KL with TC weighed."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        z = mean + tf.exp(0.5 * log_variance) * networks.latent_noise()
        kl = kl_to_prior(mean, log_variance)
        penalty = kl + (self.tc - 1.0) * total_correlation(z, mean, log_variance, networks)
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty)

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta


def total_correlation(z: Tensor, mean: Tensor, log_variance: Tensor, networks: Networks) -> Tensor:
    """Return the estimate of log q(z) - sum_j log q(z_j) at each z [B, Z], from the rows of its block: [B]."""
    import tensorflow as tf

    rows = z.shape[0]
    blocks = -(-rows // BLOCK)
    size = -(-rows // blocks)

    def split(values: Tensor) -> Tensor:  # [B, width] to [blocks, size, width]
        return tf.reshape(tf.pad(values, [[0, blocks * size - rows], [0, 0]]), (blocks, size, values.shape[1]))

    z, mean, log_variance, counted = map(split, (z, mean, log_variance, networks.counted[:, None]))
    n, own = networks.train_rows, tf.eye(size)
    others = tf.transpose(counted, (0, 2, 1)) * (1.0 - own)  # [blocks, size, size]
    there = tf.reduce_sum(others, axis=2, keepdims=True)
    # alone in its block a row is the only one to know
    weights = tf.where(there > 0.0, own / n + others * (n - 1.0) / n / tf.maximum(there, 1.0), own)
    log_weights = tf.math.log(weights)  # -inf for rows that do not count
    squares = (z[:, :, None] - mean[:, None]) ** 2 * tf.exp(-log_variance[:, None])
    densities = -0.5 * (squares + log_variance[:, None])  # [blocks, size, size, Z], logarithms but for a constant
    joint = tf.reduce_logsumexp(log_weights + tf.reduce_sum(densities, axis=-1), axis=2)  # [blocks, size]
    each = tf.reduce_logsumexp(log_weights[..., None] + densities, axis=2)  # [blocks, size, Z]
    return tf.reshape(joint - tf.reduce_sum(each, axis=-1), (-1,))[:rows]
