"""The variational autoencoder with a normalising flow as posterior."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from vaebench.generator import Steps
from vaebench.variants import Array, Networks, Tensor, Terms, Variant

SOFTPLUS_1 = math.log(math.e - 1.0)
"""softplus of it is 1."""


@dataclass(frozen=True)
class LinNf(Variant):
    """Variational autoencoder with a planar flow: z_t = z_(t-1) + u_t tanh(w_t z_(t-1) + b_t), z_0 ~ N(mu, s^2).

    Decodes z_T; the penalty is beta * (log q(z_0) - sum_t log |dz_t/dz_(t-1)| - log N(z_T; 0, 1)). The flow is the same
    for all rows, and starts as the identity, where this is `vae` in expectation over z. It is invertible, as u w >= -1
    (the paper's appendix). Latent samplers are fitted to z_T.

    Rezende and Mohamed, "Variational inference with normalizing flows", ICML 2015, arXiv 1505.05770.
    """

    stochastic: ClassVar[bool] = True
    penalty_name: ClassVar[str | None] = "kl"
    kl_weight: ClassVar[str | None] = "beta"
    structure: ClassVar[tuple[str, ...]] = ("layers",)

    beta: Annotated[float, Gt(0)] = 0.1
    """The penalty's weight; 1 collapses with `mse` and one standardised column."""
    layers: Annotated[int, Ge(1), Le(32)] = 4
    """The number of planar layers, T."""

    def variables(self, x: Array, latent_mask: Array, random: np.random.Generator) -> Mapping[str, Array]:
        """Return the flow's parameters: u = 0, of which the identity is made, w ~ N(0, 1 / latent_dim), b = 0."""
        shape = (self.layers, len(latent_mask))
        w = random.standard_normal(shape) * latent_mask / np.sqrt(latent_mask.sum())
        return {"u": np.zeros(shape), "w": w, "b": np.zeros(self.layers)}

    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return the reconstruction loss at one code per row after the flow, and the log ratio to the prior there."""
        import tensorflow as tf

        mean, log_variance = networks.encode(x)  # [B, Z] each
        assert log_variance is not None
        own = networks.variables
        z = mean + tf.exp(0.5 * log_variance) * networks.latent_noise()
        # log q(z_0) in expectation, but for the constant that the prior has too
        penalty = -0.5 * tf.reduce_sum(networks.latent_mask * (1.0 + log_variance), axis=-1)
        for u, w, b in zip(*(tf.unstack(own[name]) for name in ("u", "w", "b")), strict=True):
            u = invertible(u * networks.latent_mask, w)
            h = tf.tanh(tf.reduce_sum(z * w, axis=-1) + b)  # [B]
            penalty -= tf.math.log(1.0 + tf.reduce_sum(u * w) * (1.0 - h**2))
            z += h[:, None] * u
        penalty += 0.5 * tf.reduce_sum(z**2, axis=-1)
        return Terms(networks.reconstruction(x, networks.decode(z)), penalty)

    def flow(self, variables: Mapping[str, Array], latent_dim: int) -> Steps:
        """Return the planar layers."""
        used = slice(latent_dim)
        layers = zip(variables["u"][:, used], variables["w"][:, used], variables["b"], strict=True)
        steps = [("planar", {"u": np.asarray(invertible(u, w)), "w": w, "b": b}) for u, w, b in layers]
        return Steps(tuple(steps))

    def weight(self, epoch: Tensor) -> Tensor:
        """Return beta."""
        return self.beta


def invertible(u: Tensor, w: Tensor) -> Tensor:
    """Return u moved along w until u w = softplus(u w + log(e - 1)) - 1 > -1; u = 0 stays."""
    import tensorflow as tf

    along = tf.reduce_sum(u * w)
    moved: Tensor = u + (tf.nn.softplus(along + SOFTPLUS_1) - 1.0 - along) * w / (tf.reduce_sum(w**2) + 1e-12)
    return moved
