"""Variants: the families of autoencoder. One file each; the file's name is the variant's name in a study file.

A variant defines what is minimised for a batch of rows: a reconstruction and a penalty per row. Everything else
(layers, loss, optimizer, penalties on weights and activities, early stopping, generating) is done by the engine.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vaebench.generator import Steps
from vaebench.parts import Part

Tensor = Any
"""A tensorflow.Tensor. TensorFlow is imported inside functions, so that checking a study file does not load it."""
Array = NDArray[Any]


class Terms(NamedTuple):
    """What a variant minimises, per row."""

    reconstruction: Tensor  # [B]
    penalty: Tensor  # [B], before its weight
    critic: Tensor | None = None
    """[B], what own variables of an adversary minimise beside. It is no part of the total that loss curves show and
    early stopping watches; tf.stop_gradient keeps it from the networks, and the penalty from the adversary."""


class Networks(Protocol):
    """The encoder and the decoder as a variant sees them. Latent units beyond latent_dim are zero throughout."""

    batch_rows: Tensor
    """The number of rows of the batch, a scalar. The last batch of an epoch may have fewer than the others."""
    counted: Tensor
    """[B], 1.0 for rows that count and 0.0 for those that fill up a smaller batch. Their terms are dropped, so only a
    variant that lets rows of a batch act on each other, a covariance say, must leave them out by itself."""
    train_rows: Tensor
    """The number of training rows, a scalar."""
    latent_mask: Tensor
    """[Z], 1.0 for latent units in use and 0.0 beyond; its sum is latent_dim."""
    epoch: Tensor
    """The epoch, a scalar from 0; large for the test rows, which are judged by what late epochs minimise."""
    variables: Mapping[str, Tensor]
    """The variant's own variables, by name: see Variant.variables."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return z_mean [B, Z] and z_log_var [B, Z] of rows x [B, F]; z_log_var is None if not stochastic."""
        ...

    def encode_inference(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return `encode` of any number of rows, for inference: without dropout, with batch norm's moving statistics.

        For rows that are not the batch's. They have no part in the activity penalty.
        """
        ...

    def decode(self, z: Tensor) -> Tensor:
        """Return the decoder's output [B, F] of latent vectors z [B, Z], or of several draws, [draws * B, Z]."""
        ...

    def reconstruction(self, x: Tensor, output: Tensor) -> Tensor:
        """Return the reconstruction loss of each row, summed over columns: [B]."""
        ...

    def decoded(self, output: Tensor) -> Tensor:
        """Return the decoder's output [B, F] as rows, on the scale of x: the two differ where it is logits."""
        ...

    def latent_noise(self, draws: int = 1) -> Tensor:
        """Return standard normal draws in the shape of the codes, [B, Z]: new ones at every call.

        With `draws` [draws * B, Z], all rows of one draw before those of the next.
        """
        ...

    def row_noise(self, x: Tensor) -> Tensor:
        """Return standard normal draws in the shape of rows x [B, F]: new ones at every call."""
        ...

    def latent_vectors(self, n: int) -> Tensor:
        """Return `n` standard normal latent vectors that belong to no row, [n, Z]: new ones at every call."""
        ...

    def encoder_jacobian(self, x: Tensor) -> Tensor:
        """Return dz_mean/dx [B, Z, F] of rows x [B, F], where z_mean is that of `encode_inference`."""
        ...

    def decoder_jacobian(self, z: Tensor) -> Tensor:
        """Return the gradient of each column of the decoder's output, dD/dz [B, F, Z], at z [B, Z]; likewise."""
        ...

    def decoder_l2(self) -> Tensor:
        """Return the sum of squares of the decoder's kernels, a scalar. The spec's l2_weights has all kernels."""
        ...


@dataclass(frozen=True)
class Variant(Part):
    """Base class of variants. Hyper-parameters are in `self`: numbers outside programs, scalar tensors inside."""

    kind: ClassVar[str] = "variant"
    stochastic: ClassVar[bool] = False
    """Whether the encoder returns a distribution N(z_mean, exp(z_log_var)) rather than a point."""
    penalty_name: ClassVar[str | None] = None
    """The penalty's name on loss curves; None if there is no penalty."""

    matches_prior: ClassVar[bool] = False
    """Whether codes that are points are brought to N(0, 1) as a whole. Those of a stochastic variant are."""

    uses_loss: ClassVar[bool] = True
    """Whether it minimises the study's loss. If not, the loss only says how the decoder's output becomes rows."""

    latent_sampler: ClassVar[str] = "gmm"
    """The latent sampler of a study that names none. A mixture fitted to the codes suits them whatever their shape."""

    proposes: ClassVar[bool] = False
    """Whether q(z given x) only proposes codes, each of which counts exp(-reconstruction / kl_weight) p(z) / q(z given
    x) times. Decoder noise is measured so."""

    kl_weight: ClassVar[str | None] = None
    """The field that is the weight of the KL to N(0, 1) in late epochs; None if there is none. `vaebench check`
    predicts posterior collapse from it."""

    pseudo_inputs: ClassVar[str | None] = None
    """The one of its variables that holds rows [K, F] whose codes are its prior; None if the prior is N(0, 1)."""

    @property
    def log_variance_bounds(self) -> tuple[float, float]:
        """The lowest and highest value that the networks clip z_log_var to."""
        return -10.0, 10.0

    @abstractmethod
    def terms(self, x: Tensor, networks: Networks) -> Terms:
        """Return reconstruction and penalty of each row of x [B, F]."""

    def variables(self, x: Array, latent_mask: Array, random: np.random.Generator) -> Mapping[str, Array]:
        """Return the initial values of variables of its own, by name: none.

        `x` [N, F] are the scaled training rows, `latent_mask` [Z] is 1.0 for latent units in use. Shapes may depend on
        those of the arguments and on structural fields, nothing else. The engine trains them as it does the networks,
        without l2_weights; `terms` finds them in `networks.variables`.
        """
        return {}

    def flow(self, variables: Mapping[str, Array], latent_dim: int) -> Steps | None:
        """Return what draws of N(z_mean, exp(z_log_var)) go through to become codes, latent_dim wide: nothing.

        `variables` are trained ones. Latent samplers are fitted to what comes out, which is what the decoder decodes.
        """
        return None

    def weight(self, epoch: Tensor) -> Tensor:
        """Return the penalty's weight in `epoch` (from 0). Early stopping uses its value for large epochs."""
        return 1.0
