"""The regularised autoencoder with a gradient penalty."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class RaeGp(Variant):
    """RAE-GP: reconstruction of D(z), z = E(x), plus beta * |z|^2 / 2 plus gradient * |dD/dz|^2, summed over columns.

    The gradient penalty keeps the decoder smooth, so that codes between those of training rows decode to rows between
    them; the size of codes keeps it from being evaded by codes on a larger scale. Generates from a density fitted to
    the codes.

    Ghosh et al., "From variational to deterministic autoencoders", ICLR 2020, arXiv 1903.12436.
    """

    penalty_name: ClassVar[str | None] = "code_size_and_gradient"

    beta: Annotated[float, Ge(0)] = 0.01
    """The weight of the codes' size."""
    gradient: Annotated[float, Ge(0)] = 0.001
    """The weight of the decoder's squared gradient."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x)), and the weighted sum of both penalties."""
        import tensorflow as tf

        z, _ = networks.encode(x)  # [B, Z]
        size = 0.5 * tf.reduce_sum(z**2, axis=-1)
        norm = tf.reduce_sum(networks.decoder_jacobian(z) ** 2, axis=(1, 2))  # [B]
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=self.beta * size + self.gradient * norm)
