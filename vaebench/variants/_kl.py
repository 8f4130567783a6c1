"""The KL of a normal posterior to the prior, which most variational autoencoders penalise."""

from vaebench.variants import Tensor


def kl_to_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mu, s^2) || N(0, 1)) = (mu^2 + s^2 - log s^2 - 1) / 2, summed over latent units [B, Z]: [B]."""
    import tensorflow as tf

    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - log_variance - 1.0, axis=-1)
