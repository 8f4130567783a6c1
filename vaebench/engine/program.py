"""One compiled program: the whole training loop of a structure as one XLA computation.

Epochs, batches, early stopping and the loss history live inside. What a run needs comes in as arguments: rows,
permutations, seeds and every hyper-parameter. Training in a program is what `fit` of Keras does: batches of a shuffled
epoch, the last one smaller; a running mean of the training loss over the epoch; the validation loss at its end.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from vaebench.engine.structure import Structure, assigned_fields
from vaebench.losses import Loss
from vaebench.networks import Assigned, Layout, Network, Vector
from vaebench.runtime import keras, tf
from vaebench.spec import LATENT_UNITS
from vaebench.variants import Terms

CURVES = ("reconstruction", "penalty", "total")
"""What the history holds, in this order, of the training rows and then of the test rows."""


class Settings(NamedTuple):
    """The hyper-parameters that a run assigns, scalars but for the mask."""

    latent_mask: Any  # [Z]
    batch_norm: Any
    dropout: Any
    l2_activity: Any
    l2_weights: Any
    epochs: Any  # int
    monitor: Any  # int: 0 none, 1 training loss, 2 validation loss
    patience: Any  # int
    loss: Any  # int: index into the structure's losses
    variant: dict[str, Any]  # the variant's own hyper-parameters
    losses: tuple[dict[str, Any], ...]  # each loss's own hyper-parameters


class Batch:
    """The networks as a variant sees them while it looks at one batch (implements variants.Networks)."""

    def __init__(self, network: Network, settings: Settings, losses: tuple[Loss, ...]) -> None:
        self.network, self.settings, self.losses = network, settings, losses
        self.noises = 0

    def encode(self, x: Any) -> tuple[Any, Any]:
        """Return z_mean and z_log_var of rows x."""
        return self.network.encode(x)

    def decode(self, z: Any) -> Any:
        """Return the decoder's output of latent vectors z."""
        return self.network.decode(z)

    def reconstruction(self, x: Any, output: Any) -> Any:
        """Return the run's loss of each row, summed over columns."""
        log_variance = tf.clip_by_value(self.network.variables.log_variance, -10.0, 10.0)
        cells = tf.zeros_like(output)
        for index, loss in enumerate(self.losses):
            assigned = dataclasses.replace(loss, **self.settings.losses[index])
            cells += tf.where(self.settings.loss == index, assigned.elementwise(x, output, log_variance), 0.0)
        return tf.reduce_sum(cells, axis=-1)

    def latent_noise(self) -> Any:
        """Return standard normal draws in the shape of the codes, zero in masked units."""
        seed = tf.add(self.network.seed, (1, self.noises))
        self.noises += 1
        noise = tf.random.stateless_normal(self.network.activities[-1].shape, seed, alg="philox")
        return noise * self.settings.latent_mask


class Program:
    """Variables and compiled functions of one structure. Serves one run at a time."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        variant = structure.variant
        self.layout = Layout(structure.columns, structure.encoder, structure.decoder, stochastic=variant.stochastic)
        self.weights = keras.Variable(np.zeros(self.layout.size, np.float32))
        self.statistics = tf.Variable(np.zeros(sum(self.layout.statistics_widths), np.float32))
        self.optimizer = keras.optimizers.get(structure.optimizer)
        self.optimizer.build([self.weights])
        self._optimizer_start = [variable.numpy() for variable in self.optimizer.variables]
        self.train = tf.function(self._train, jit_compile=True, autograph=False)
        self.encode = tf.function(self._encode, autograph=False)
        self.decode = tf.function(self._decode, autograph=False, reduce_retracing=True)

    def assign(self, weights: Vector, statistics: Vector) -> None:
        """Set the networks' variables."""
        self.weights.assign(weights)
        self.statistics.assign(statistics)

    def reset_optimizer(self, learning_rate: float) -> None:
        """Set the optimizer to its start."""
        for variable, value in zip(self.optimizer.variables, self._optimizer_start, strict=True):
            variable.assign(value)
        self.optimizer.learning_rate.assign(learning_rate)

    def _network(self, settings: Settings, *, mask: Any = None, seed: Any = None, weights: Any = None) -> Network:
        assigned = Assigned(settings.latent_mask, settings.batch_norm, settings.dropout)
        flat = self.weights.value if weights is None else weights
        return Network(self.layout, self.layout.unpack(flat, self.statistics), assigned, mask=mask, seed=seed)

    def _terms(self, x: Any, network: Network, settings: Settings) -> Terms:
        """Return the variant's terms, the activity penalty counted with the reconstruction."""
        variant = dataclasses.replace(self.structure.variant, **settings.variant)
        terms = variant.terms(x, Batch(network, settings, self.structure.losses))
        activity = tf.add_n([tf.reduce_sum(h**2, axis=-1) for h in network.activities])
        return Terms(terms.reconstruction + settings.l2_activity * activity, terms.penalty)

    def _l2(self, network: Network, settings: Settings) -> Any:
        kernels = [tf.reduce_sum(own["kernel"] ** 2) for own in network.variables.trained]
        return settings.l2_weights * tf.add_n(kernels)

    def _weights_of_penalty(self, settings: Settings, epoch: Any) -> tuple[Any, Any]:
        """Return the penalty's weight in `epoch` and the one it ends at."""
        variant = dataclasses.replace(self.structure.variant, **settings.variant)
        return variant.weight(tf.cast(epoch, tf.float32)), variant.weight(tf.constant(1e9))

    def _step(self, x: Any, mask: Any, seed: Any, weights: tuple[Any, Any], settings: Settings) -> Any:
        """Update the variables on one batch; return reconstruction, penalty and total summed over its rows, [3]."""
        counted = tf.cast(mask, tf.float32)  # [B]
        rows = tf.reduce_sum(counted)
        flat = self.weights.value + 0.0  # a tensor: the variable itself changes below
        with tf.GradientTape() as tape:
            tape.watch(flat)
            network = self._network(settings, mask=mask, seed=seed, weights=flat)
            terms = self._terms(x, network, settings)
            l2 = self._l2(network, settings)
            loss = tf.reduce_sum(counted * (terms.reconstruction + weights[0] * terms.penalty)) / rows + l2
        self.optimizer.apply([tape.gradient(loss, flat)], [self.weights])
        self.statistics.assign(network.statistics)
        reconstruction = tf.reduce_sum(counted * terms.reconstruction)
        penalty = tf.reduce_sum(counted * terms.penalty)
        return tf.stack([reconstruction, penalty, reconstruction + weights[1] * penalty + rows * l2])

    def _train(self, train: Any, test: Any, order: Any, seed: Any, settings: Settings) -> tuple[Any, Any]:
        """Train from the variables' present values.

        `train` [N, F] and `test` [M, F] scaled rows, `order` [capacity, N] a permutation of the rows for each epoch,
        `seed` [2]. Returns the history [capacity, 6] (CURVES of train, then of test; rows beyond the end are zero) and
        the number of epochs trained.
        """
        structure = self.structure
        size, steps = structure.batch_size, structure.steps
        padding = steps * size - structure.train_rows
        counted = tf.constant(np.arange(steps * size).reshape(steps, size) < structure.train_rows)  # [steps, B]

        def epoch_of(epoch: Any) -> Any:
            weights = self._weights_of_penalty(settings, epoch)
            rows = tf.reshape(tf.pad(order[epoch], [[0, padding]]), (steps, size))

            def step(index: Any, sums: Any) -> tuple[Any, Any]:
                x = tf.gather(train, rows[index])
                step_seed = seed + tf.stack([4 * (epoch * steps + index), 0])
                return index + 1, sums + self._step(x, counted[index], step_seed, weights, settings)

            _, sums = tf.while_loop(lambda i, _: i < steps, step, (tf.constant(0), tf.zeros(len(CURVES))))
            network = self._network(settings, seed=tf.add(seed, (2, 0)))  # the same noise in every epoch
            terms = self._terms(test, network, settings)
            reconstruction, penalty = tf.reduce_mean(terms.reconstruction), tf.reduce_mean(terms.penalty)
            total = reconstruction + weights[1] * penalty + self._l2(network, settings)
            return tf.concat([sums / structure.train_rows, [reconstruction, penalty, total]], axis=0)  # [6]

        def body(epoch: Any, best: Any, waited: Any, history: Any) -> tuple[Any, Any, Any, Any]:
            losses = epoch_of(epoch)
            monitored = tf.where(settings.monitor == 2, losses[5], losses[2])
            better = monitored < best
            history = tf.tensor_scatter_nd_update(history, [[epoch]], [losses])
            return epoch + 1, tf.minimum(best, monitored), tf.where(better, 0, waited + 1), history

        def go_on(epoch: Any, best: Any, waited: Any, history: Any) -> Any:
            stopped = (settings.monitor > 0) & (waited >= settings.patience)
            last = history[tf.maximum(epoch - 1, 0)]
            finite = tf.reduce_all(tf.math.is_finite(last[: len(CURVES)]))
            return (epoch < settings.epochs) & finite & ~stopped

        start = (tf.constant(0), tf.constant(np.inf, tf.float32), tf.constant(0))
        history = tf.zeros((structure.capacity, 2 * len(CURVES)))
        epochs, _, _, history = tf.while_loop(go_on, body, (*start, history))
        return history, epochs

    def _encode(self, x: Any, settings: Settings) -> tuple[Any, Any]:
        """Return z_mean [N, Z] and the codes' standard deviation [N, Z] (zero for a deterministic encoder)."""
        mean, log_variance = self._network(settings).encode(x)
        std = tf.zeros_like(mean) if log_variance is None else tf.exp(0.5 * log_variance)
        return mean, std * settings.latent_mask

    def _decode(self, z: Any, settings: Settings) -> Any:
        """Return decoded scaled rows [n, F] of latent vectors z [n, Z]."""
        output = self._network(settings).decode(z)
        branches = [lambda loss=loss: loss.decoded(output) for loss in self.structure.losses]
        return tf.switch_case(settings.loss, branches)


def settings_of(structure: Structure, spec: Any) -> Settings:
    """Return what `spec` assigns to a program of its structure."""
    names = [loss.name for loss in structure.losses]
    index = names.index(spec.loss.name)
    parts = [spec.loss if i == index else loss for i, loss in enumerate(structure.losses)]
    return Settings(
        latent_mask=tf.constant(np.arange(LATENT_UNITS) < spec.latent_dim, tf.float32),
        batch_norm=tf.constant(float(spec.batch_norm)),
        dropout=tf.constant(spec.dropout, tf.float32),
        l2_activity=tf.constant(spec.l2_activity, tf.float32),
        l2_weights=tf.constant(spec.l2_weights, tf.float32),
        epochs=tf.constant(spec.epochs),
        monitor=tf.constant({"off": 0, "training_loss": 1, "validation_loss": 2}[spec.early_stopping]),
        patience=tf.constant(spec.patience),
        loss=tf.constant(index),
        variant=_tensors(spec.variant),
        losses=tuple(_tensors(part) for part in parts),
    )


def _tensors(part: Any) -> dict[str, Any]:
    return {name: tf.constant(float(getattr(part, name))) for name in assigned_fields(part)}
