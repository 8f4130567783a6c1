"""Linear networks of plain tensors, as a variant sees them (implements vaebench.variants.Networks)."""

import numpy as np

from vaebench.tf_setup import tf


class LinearNetworks:
    """x -> z_mean = x A, z_log_var = x S; z -> x = z D; the loss is half the squared error."""

    epoch = tf.constant(1e9)

    def __init__(self, columns, latent_dim, *, stochastic: bool, variant=None, x=None, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.mean, self.log_variance = self._matrix(columns, latent_dim), self._matrix(columns, latent_dim)
        self.decoder = self._matrix(latent_dim, columns)
        self.stochastic = stochastic
        self.noises: list[np.ndarray] = []
        self.train_rows = tf.constant(100.0)
        self.latent_mask = tf.ones(latent_dim)
        own = {} if variant is None else variant.variables(np.asarray(x), np.ones(latent_dim, np.float32), self.random)
        self.variables = {name: tf.Variable(value, dtype=tf.float32) for name, value in own.items()}

    @property
    def weights(self):
        """What of the networks there is to train, by name."""
        return {
            "mean": self.mean,
            "decoder": self.decoder,
            **({"log_variance": self.log_variance} if self.stochastic else {}),
        }

    def encode(self, x):
        self.rows = len(x)
        self.counted, self.batch_rows = tf.ones(self.rows), tf.constant(float(self.rows))
        return self.encode_inference(x)

    def encode_inference(self, x):
        return x @ self.mean, x @ self.log_variance if self.stochastic else None

    def decode(self, z):
        return z @ self.decoder

    def reconstruction(self, x, output):
        return tf.reduce_sum(0.5 * (x - output) ** 2, axis=-1)

    def decoded(self, output):
        return output

    def latent_noise(self, draws=1):
        return self.latent_vectors(draws * self.rows)

    def row_noise(self, x):
        return self._noise(*x.shape)

    def latent_vectors(self, n):
        return self._noise(n, len(self.latent_mask))

    def _noise(self, *shape):
        self.noises.append(self.random.standard_normal(shape).astype(np.float32))
        return tf.constant(self.noises[-1])

    def encoder_jacobian(self, x):
        return tf.tile(tf.transpose(self.mean)[None], (len(x), 1, 1))

    def decoder_jacobian(self, z):
        return tf.tile(tf.transpose(self.decoder)[None], (len(z), 1, 1))

    def decoder_l2(self):
        return tf.reduce_sum(self.decoder**2)

    def _matrix(self, inputs, outputs):
        return tf.Variable(self.random.normal(0, 0.5, (inputs, outputs)), dtype=tf.float32)
