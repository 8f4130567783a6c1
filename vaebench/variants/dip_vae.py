"""The variational autoencoder with disentangled inferred priors."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt

from vaebench.variants import Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class DipVae(Variant):
    """DIP-VAE: `vae` plus off_diagonal * sum_{i != j} C_ij^2 + diagonal * sum_i (C_ii - 1)^2, C a covariance of codes.

    C is, over the rows of the batch, the covariance of mu (version I), or that of sampled codes, Cov mu + mean of
    diag(s^2) (version II). So the codes as a whole have the prior's covariance. Version I keeps the latent space from
    collapsing, since a unit with mu = 0 costs `diagonal`; version II collapses where `vae` does.

    Kumar, Sattigeri and Balakrishnan, "Variational inference of disentangled latent concepts from unlabeled
    observations", ICLR 2018, arXiv 1711.00848.
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl_and_covariance"
    structure: ClassVar[tuple[str, ...]] = ("version",)

    beta: Annotated[float, Gt(0)] = 0.1
    """The KL's weight; 1 in the paper, which collapses with `mse` and one standardised column."""
    off_diagonal: Annotated[float, Ge(0)] = 1.0
    diagonal: Annotated[float, Ge(0)] = 1.0
    version: Literal["I", "II"] = "II"

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss at one sampled code per row, and the weighted sum of KL and covariances."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        variance = tf.exp(log_variance)
        z = mean + tf.sqrt(variance) * networks.latent_noise()
        kl = 0.5 * tf.reduce_sum(mean**2 + variance - log_variance - 1.0, axis=-1)
        counted, n = networks.counted[:, None], networks.batch_rows
        centred = counted * (mean - tf.reduce_sum(counted * mean, axis=0) / n)
        covariance = tf.matmul(centred, centred, transpose_a=True) / tf.maximum(n - 1.0, 1.0)  # [Z, Z]
        diagonal = tf.linalg.diag_part(covariance)
        between = tf.reduce_sum(covariance**2) - tf.reduce_sum(diagonal**2)
        if self.version == "II":
            diagonal += tf.reduce_sum(counted * variance, axis=0) / n
        within = tf.reduce_sum(networks.latent_mask * (diagonal - 1.0) ** 2)
        penalty = self.beta * kl + self.off_diagonal * between + self.diagonal * within
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty)
