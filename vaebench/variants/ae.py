"""The plain autoencoder."""

from dataclasses import dataclass

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Ae(Variant):
    """Plain autoencoder: reconstruction of D(E(x)), no penalty. Generates from a density fitted to the codes."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x))."""
        z, _ = networks.encode(x)  # [B, Z]
        reconstruction = networks.reconstruction(x, networks.decode(z))
        return Terms(reconstruction, penalty=0.0 * reconstruction)
