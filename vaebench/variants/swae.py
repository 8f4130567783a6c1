"""The sliced-Wasserstein autoencoder."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Swae(Variant):
    """Sliced-Wasserstein autoencoder: reconstruction of D(E(x)) plus beta * SW^2(codes of the batch, N(0, 1)).

    SW^2 is the mean, over random directions and the n rows of the batch, of (t_i - q_i)^2: t_1 <= ... <= t_n are the
    codes along the direction, q_i what the i-th of n draws of the prior is expected to be (Blom's approximation). The
    paper draws these from the prior, which gives the same gradient on average and more noise. The q_i are stretched so
    that a batch of the prior's own draws is left as wide as it is; unstretched, batches of 11 rows would shrink codes
    to 0.87 of the prior's standard deviation.

    Kolouri, Pope, Martin and Rohde, "Sliced-Wasserstein auto-encoders", ICLR 2019, arXiv 1804.01947. Blom,
    "Statistical estimates and transformed beta-variables", 1958.
    """

    penalty_name: ClassVar[str | None] = "sliced_wasserstein"
    matches_prior: ClassVar[bool] = True
    structure: ClassVar[tuple[str, ...]] = ("directions",)

    beta: Annotated[float, Ge(0)] = 1.0
    """The penalty's weight, the paper's lambda; 0 is `ae`."""
    directions: Annotated[int, Ge(1), Le(1000)] = 50
    """Random directions in latent space, new ones for each batch."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x)), and the batch's SW^2 for each of its rows."""
        import tensorflow as tf

        z, _ = networks.encode(x)  # [B, Z]
        directions = tf.math.l2_normalize(networks.latent_vectors(self.directions), axis=-1)  # [L, Z]
        along = tf.matmul(directions, z, transpose_b=True)  # [L, B]
        along = tf.sort(tf.where(networks.counted > 0.0, along, math.inf), axis=-1)  # rows that do not count come last
        counted = tf.range(z.shape[0], dtype=tf.float32) < networks.batch_rows  # [B], after sorting
        far = tf.reduce_mean(tf.where(counted, along - order_statistics(z.shape[0], networks.batch_rows), 0.0) ** 2, 0)
        mean = tf.reduce_sum(far) / networks.batch_rows
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=tf.fill([z.shape[0]], mean))

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta


def order_statistics(size: int, n: Tensor) -> Tensor:
    """Return the expected order statistics of n draws of N(0, 1), stretched to the variance 1, [size]; 0 beyond n."""
    import tensorflow as tf

    places = tf.minimum(tf.range(1.0, size + 1.0), n)
    expected = tf.where(tf.range(1.0, size + 1.0) <= n, tf.math.ndtri((places - 0.375) / (n + 0.25)), 0.0)
    variance = tf.reduce_sum(expected**2) / n
    return expected / tf.maximum(variance, 1e-6)
