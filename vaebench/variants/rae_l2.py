"""The regularised autoencoder with penalties on codes and on the decoder's weights."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class RaeL2(Variant):
    """RAE-L2: reconstruction of D(E(x)) plus beta * |z|^2 / 2 plus decoder_l2 * (the decoder's squared weights).

    Generates from fitted codes. The decoder's weights alone are penalised, not the encoder's (`l2_weights` has both):
    so small codes cannot be made up for. A linear network with `mse` and enough latent units keeps of each principal
    standard deviation s the part max(0, s - sqrt(2 beta decoder_l2)).

    Ghosh, Sajjadi, Vergari, Black and Schoelkopf, "From variational to deterministic autoencoders", ICLR 2020,
    arXiv 1903.12436.
    """

    penalty_name: ClassVar[str | None] = "codes_and_decoder"

    beta: Annotated[float, Ge(0)] = 0.01
    """The weight of the codes' squared length."""
    decoder_l2: Annotated[float, Ge(0)] = 1e-4
    """The weight of the decoder's squared weights, the paper's lambda."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x)), and the weighted sum of both penalties."""
        import tensorflow as tf

        z, _ = networks.encode(x)  # [B, Z]
        size = 0.5 * tf.reduce_sum(z**2, axis=-1)  # [B]
        penalty = self.beta * size + self.decoder_l2 * networks.decoder_l2()
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty)
