"""The Wasserstein autoencoder with the maximum mean discrepancy."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge

from vaebench.variants import Networks, Tensor, Terms, Variant
from vaebench.variants._mmd import squared_mmd


@dataclass(frozen=True)
class WaeMmd(Variant):
    """Wasserstein autoencoder: reconstruction of D(E(x)) plus beta * MMD^2(codes of the batch, N(0, 1)).

    MMD^2 is the unbiased estimate over pairs of rows, with the sum of seven inverse multiquadratic kernels of the
    paper's code; with batches of fewer than about 30 rows it is noise for the most part. No unit collapses, since the
    codes as a whole follow the prior and no row's code is pulled towards 0.

    Tolstikhin, Bousquet, Gelly and Schoelkopf, "Wasserstein auto-encoders", ICLR 2018, arXiv 1711.01558.
    """

    penalty_name: ClassVar[str | None] = "mmd"
    matches_prior: ClassVar[bool] = True

    beta: Annotated[float, Ge(0)] = 1.0
    """The penalty's weight, the paper's lambda; 0 is `ae`."""

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x)), and the batch's MMD^2 for each of its rows."""
        z, _ = networks.encode(x)  # [B, Z]
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty=squared_mmd(z, networks))

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta
