"""A batch of rows and the networks, as a variant sees them. Implements vaebench.variants.Networks."""

import dataclasses
from typing import TYPE_CHECKING, Any

from vaebench.engine.jacobians import by_inputs, by_outputs
from vaebench.engine.keras_layout import KerasApplied
from vaebench.engine.perceptron import Network
from vaebench.engine.random_numbers import normal
from vaebench.engine.structure import Structure
from vaebench.tf_setup import tf

if TYPE_CHECKING:
    from vaebench.engine.training_loop import Settings


class Batch:
    """The rows with a true `mask` [B] count; `seed` [2] gives all random numbers, `epoch` is a scalar from 0."""

    def __init__(
        self,
        network: Network | KerasApplied,
        settings: "Settings",
        structure: Structure,
        mask: Any,
        seed: Any,
        epoch: Any,
    ) -> None:
        self.network, self.settings, self.losses, self.seed = network, settings, structure.losses, seed
        self.rows = mask.shape[0]
        self.counted = tf.cast(mask, tf.float32)
        self.batch_rows = tf.reduce_sum(self.counted)
        self.train_rows = tf.constant(structure.train_rows, tf.float32)
        self.latent_mask = settings.latent_mask
        self.variables = network.own
        self.epoch = tf.convert_to_tensor(epoch, tf.float32)
        self.noises = 0

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Return z_mean and z_log_var of rows x."""
        return self.network.encode(x)

    def encode_inference(self, x: Any) -> tuple[Any, Any]:
        """Return z_mean and z_log_var of any rows x, of the network for inference."""
        return self.network.inference().encode(x)

    def decode(self, z: Any) -> Any:
        """Return the decoder's output of latent vectors z."""
        return self.network.decode(z)

    def reconstruction(self, x: Any, output: Any) -> Any:
        """Return the reconstruction loss of each row, summed over columns."""
        log_variance = tf.clip_by_value(self.network.log_variance, -10.0, 10.0)
        cells = tf.zeros_like(output)
        for index, loss in enumerate(self.losses):
            assigned = dataclasses.replace(loss, **self.settings.losses[index])
            cells += tf.where(self.settings.loss == index, assigned.elementwise(x, output, log_variance), 0.0)
        return tf.reduce_sum(cells, axis=-1)

    def decoded(self, output: Any) -> Any:
        """Return the decoder's output as scaled rows."""
        rows = tf.zeros_like(output)
        for index, loss in enumerate(self.losses):
            rows += tf.where(self.settings.loss == index, loss.decoded(output), 0.0)
        return rows

    def latent_noise(self, draws: int = 1) -> Any:
        """Return standard normal draws in the shape of the codes; zero in masked units."""
        return self.latent_vectors(draws * self.rows)

    def row_noise(self, x: Any) -> Any:
        """Return standard normal draws in the shape of rows x."""
        return self._noise(*x.shape)

    def latent_vectors(self, n: int) -> Any:
        """Return standard normal latent vectors; zero in masked units."""
        return self._noise(n, self.latent_mask.shape[0]) * self.latent_mask

    def encoder_jacobian(self, x: Any) -> Any:
        """Return dz_mean/dx, of the network for inference."""
        return by_inputs(lambda rows: self.encode_inference(rows)[0], x)

    def decoder_jacobian(self, z: Any) -> Any:
        """Return dD/dz, of the network for inference."""
        return by_outputs(self.network.inference().decode, z, self.network.layout.columns)

    def decoder_l2(self) -> Any:
        """Return the sum of squares of the decoder's kernels. Those of masked units are zero."""
        return tf.add_n([tf.reduce_sum(kernel**2) for kernel in self.network.decoder_kernels])

    def _noise(self, *shape: int) -> Any:
        seed = tf.add(self.seed, (1, self.noises))
        self.noises += 1
        return normal(shape, seed)
