"""The sparse autoencoder."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Sparse(Variant):
    """Sparse autoencoder: reconstruction of D(E(x)) plus beta * (sum of |z| over latent units).

    Generates from fitted codes. Most codes of a row end near 0. A decoder may make up for small codes with large
    weights, which evades the penalty: `l2_weights` holds it to it.

    Ng, "Sparse autoencoder", CS294A lecture notes, Stanford 2011, whose penalty is the KL to a target activity of
    sigmoid units; the absolute value, which suits codes of either sign, is that of sparse coding: Olshausen and Field,
    "Emergence of simple-cell receptive field properties by learning a sparse code", Nature 381 (1996).
    """

    penalty_name: ClassVar[str | None] = "code_size"

    beta: Annotated[float, Ge(0)] = 0.01
    """The penalty's weight; 0 is `ae`."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x)), and the sum of each code's absolute values."""
        import tensorflow as tf

        z, _ = networks.encode(x)  # [B, Z]
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=tf.reduce_sum(tf.abs(z), axis=-1))

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta
