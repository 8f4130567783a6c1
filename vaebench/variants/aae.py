"""The adversarial autoencoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from vaebench.variants import Array, Networks, Tensor, Terms, Variant


@dataclass(frozen=True)
class Aae(Variant):
    """Adversarial autoencoder: reconstruction of D(z), z = E(x), plus beta * -log C(z), C a critic of codes.

    The critic, a network with one hidden layer, learns the probability that z is a draw of N(0, 1) and not a code: in
    the same steps it minimises -log C(p) - log(1 - C(z)), p ~ N(0, 1). Where codes follow the prior the best critic is
    C = 1/2, with a loss of 2 log 2. The penalty rises while the critic learns, and early stopping watches it too.

    Makhzani, Shlens, Jaitly, Goodfellow and Frey, "Adversarial autoencoders", 2015, arXiv 1511.05644.
    """

    penalty_name: ClassVar[str | None] = "adversarial"
    matches_prior: ClassVar[bool] = True
    structure: ClassVar[tuple[str, ...]] = ("critic_units",)

    beta: Annotated[float, Ge(0)] = 0.1
    """The penalty's weight; 0 is `ae`."""
    critic_units: Annotated[int, Ge(1), Le(1024)] = 64
    """Units of the critic's hidden layer."""

    def variables(self, x: Array, latent_mask: Array, random: np.random.Generator) -> Mapping[str, Array]:
        """Return the critic's layers: Glorot uniform kernels, biases 0."""
        units, latent_dim = self.critic_units, latent_mask.sum()
        limits = np.sqrt(6.0 / (latent_dim + units)), np.sqrt(6.0 / (units + 1))
        hidden = random.uniform(-limits[0], limits[0], (len(latent_mask), units)) * latent_mask[:, None]
        last = random.uniform(-limits[1], limits[1], (units, 1))
        return {"hidden": hidden, "hidden_bias": np.zeros(units), "last": last, "last_bias": np.zeros(1)}

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss of D(E(x)), -log C(z) with a constant critic, and the critic's loss."""
        import tensorflow as tf

        own = networks.variables

        def logits(z: Tensor, of: Mapping[str, Tensor]) -> Tensor:  # [B, Z] to [B]
            hidden = tf.nn.leaky_relu(z @ of["hidden"] + of["hidden_bias"])
            return (hidden @ of["last"] + of["last_bias"])[:, 0]

        z, _ = networks.encode(x)
        constant = {name: tf.stop_gradient(value) for name, value in own.items()}
        penalty = tf.nn.softplus(-logits(z, constant))  # -log sigmoid
        told_prior = tf.nn.softplus(-logits(networks.latent_noise(), own))
        told_codes = tf.nn.softplus(logits(tf.stop_gradient(z), own))
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty, critic=told_prior + told_codes)

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta
