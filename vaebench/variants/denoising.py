"""The denoising autoencoder."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Denoising(Variant):
    """Denoising autoencoder: reconstruction of x from D(E(x + noise * e)), e ~ N(0, 1). Generates from fitted codes.

    Rows are encoded without noise once it is trained. A linear network with `mse` learns D E = S (S + noise^2 I)^-1, S
    the rows' covariance, cut to its first latent_dim principal axes: it shrinks, the more the larger the noise.

    Vincent et al., "Extracting and composing robust features with denoising autoencoders", ICML 2008.
    """

    noise: Annotated[float, Ge(0)] = 0.1
    """Standard deviation of the noise on each column, in scaled units; 0 is `ae`."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of x from its noisy copy."""
        z, _ = networks.encode(x + self.noise * networks.row_noise(x))  # [B, Z]
        reconstruction = networks.reconstruction(x, networks.decode(z))
        return Terms(reconstruction, penalty=0.0 * reconstruction)
