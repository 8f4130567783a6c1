"""The contractive autoencoder."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Contractive(Variant):
    """Contractive autoencoder: reconstruction of D(E(x)) plus beta * |dE/dx|^2, the sum of the Jacobian's squares.

    Rows that differ little get codes that differ less. A decoder may make up for codes on a smaller scale with large
    weights, which evades the penalty: `l2_weights` holds it to it. Generates from a density fitted to the codes.

    Rifai, Vincent, Muller, Glorot and Bengio, "Contractive auto-encoders: explicit invariance during feature
    extraction", ICML 2011.
    """

    penalty_name: ClassVar[str | None] = "jacobian"

    beta: Annotated[float, Ge(0)] = 0.01
    """The penalty's weight; 0 is `ae`."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x)), and the squared Frobenius norm of dE/dx."""
        import tensorflow as tf

        z, _ = networks.encode(x)  # [B, Z]
        norm = tf.reduce_sum(networks.encoder_jacobian(x) ** 2, axis=(1, 2))  # [B]
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=norm)

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta
