"""The program: the whole training loop of a structure as one XLA computation.

It includes epochs, batches, early stopping and the loss history. Its arguments are what differs between runs: rows,
permutations, seeds and all hyper-parameters. It trains as Keras's `fit` does: shuffled batches, the last one smaller; a
running mean of the training loss over the epoch; the validation loss at the end of the epoch.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from vaebench.engine.batch import Batch
from vaebench.engine.network_of import network_of
from vaebench.engine.optimizers import Coefficients, Moments, coefficients, update
from vaebench.engine.perceptron import Assigned
from vaebench.engine.structure import Structure, assigned_fields
from vaebench.engine.weights import Weights
from vaebench.study.spec import Spec
from vaebench.tf_setup import tf
from vaebench.variants import Terms

CURVES = ("reconstruction", "penalty", "total")
"""The columns of the history: these three for the training rows, then for the test rows."""


LATE = 1e9
"""The epoch that stands for all late ones, by which the test rows are judged."""


class Settings(NamedTuple):
    """The hyper-parameters assigned at run time: scalars, except the mask."""

    latent_mask: Any  # [Z]
    dropout: Any
    l2_activity: Any
    l2_weights: Any
    optimizer: Coefficients
    epochs: Any  # int
    monitor: Any  # int: 0 none, 1 training loss, 2 validation loss
    patience: Any  # int
    loss: Any  # int: index into the structure's losses
    variant: dict[str, Any]  # the variant's own hyper-parameters
    losses: tuple[dict[str, Any], ...]  # each loss's own hyper-parameters


class Epoch(NamedTuple):
    """An epoch as the variant sees it: its number, and the penalty's weights in it and in late epochs."""

    number: Any  # float, from 0
    weight: Any
    late_weight: Any


class State(NamedTuple):
    """What a training step changes."""

    weights: Weights
    statistics: Any  # the moving statistics
    moments: Weights  # the optimizer's, one Moments a variable
    step: Any  # float, steps done


class Program:
    """The compiled training of one structure. `train` is a pure function of its arguments."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.layout = structure.layout
        self.compiled = False
        self.trace_anew()

    def trace_anew(self) -> None:
        """Let the next run trace and compile the program."""
        self.train = tf.function(self._train, jit_compile=True, autograph=False)

    def _terms(
        self, x: Any, mask: Any, seed: Any, state: State, settings: Settings, epoch: Any, *, training: bool
    ) -> tuple[Terms, Any]:
        """Return the variant's terms for rows x [B, F], and the statistics after them.

        The activity penalty, and what layers add to the loss by themselves, is part of the reconstruction.
        """
        assigned = Assigned(settings.latent_mask, settings.dropout)
        network = network_of(
            self.layout, state.weights, state.statistics, assigned, mask=mask if training else None, seed=seed
        )
        variant = dataclasses.replace(self.structure.variant, **settings.variant)
        terms = variant.terms(x, Batch(network, settings, self.structure, mask, seed, epoch))
        activity = tf.add_n([tf.reduce_sum(h**2, axis=-1) for h in network.activities])
        reconstruction = terms.reconstruction + settings.l2_activity * activity
        if network.losses:
            reconstruction += tf.add_n(network.losses)
        return terms._replace(reconstruction=reconstruction), network.statistics

    def _epoch(self, settings: Settings, index: Any) -> Epoch:
        variant = dataclasses.replace(self.structure.variant, **settings.variant)
        number = tf.cast(index, tf.float32)
        return Epoch(number, variant.weight(number), variant.weight(tf.constant(LATE)))

    def _step(self, state: State, x: Any, mask: Any, seed: Any, epoch: Epoch, settings: Settings) -> tuple[State, Any]:
        """Return the state after one batch, and the sums over its rows of reconstruction, penalty and total, [3]."""
        counted = tf.cast(mask, tf.float32)  # [B]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(state.weights)
            terms, statistics = self._terms(x, mask, seed, state, settings, epoch.number, training=True)
            rows = counted * (terms.reconstruction + epoch.weight * terms.penalty)
            if terms.critic is not None:
                rows += counted * terms.critic
            loss = tf.reduce_sum(rows) / tf.reduce_sum(counted)
        gradients = tape.gradient(loss, state.weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        reconstruction = tf.reduce_sum(counted * terms.reconstruction)
        penalty = tf.reduce_sum(counted * terms.penalty)
        sums = tf.stack([reconstruction, penalty, reconstruction + epoch.late_weight * penalty])
        return self._updated(state, gradients, statistics, settings), sums

    def _updated(self, state: State, gradients: Weights, statistics: Any, settings: Settings) -> State:
        """Return the state after a step of the optimizer. l2_weights adds its gradient to those of the kernels."""
        step = state.step + 1.0

        def updated(w: Any, moments: Moments, g: Any) -> tuple[Any, Moments]:
            return update(self.structure.rule, settings.optimizer, step, w, moments, g)

        kernels, moments = zip(
            *(
                updated(w, slots, g + 2.0 * settings.l2_weights * w)
                for w, slots, g in zip(state.weights.kernels, state.moments.kernels, gradients.kernels, strict=True)
            ),
            strict=True,
        )
        vector, vector_moments = updated(state.weights.vector, state.moments.vector, gradients.vector)
        own = {name: updated(w, state.moments.own[name], gradients.own[name]) for name, w in state.weights.own.items()}
        weights = Weights(kernels, vector, {name: w for name, (w, _) in own.items()})
        slots = Weights(moments, vector_moments, {name: slots for name, (_, slots) in own.items()})
        return State(weights, statistics, slots, step)

    def _train(
        self, weights: Weights, statistics: Any, train: Any, test: Any, order: Any, seed: Any, settings: Settings
    ) -> tuple[Weights, Any, Any, Any]:
        """Train from `weights` and `statistics`.

        `train` [N, F] and `test` [M, F] are scaled rows, `order` [capacity, N] is a permutation of the rows per epoch,
        and `seed` has shape [2]. Returns weights, statistics, the history [capacity, 6] (CURVES of train, then of test;
        zero after the last epoch) and the number of epochs trained. Totals include the l2_weights penalty at the end of
        the epoch.
        """
        structure = self.structure
        size, steps = structure.batch_size, structure.steps
        padding = steps * size - structure.train_rows
        counted = tf.constant(np.arange(steps * size).reshape(steps, size) < structure.train_rows)  # [steps, B]
        alike = steps if self.layout.pads or not padding else steps - 1
        """Steps of one batch size. A last, smaller one is traced by itself where layers must see its true size."""

        def epoch_of(epoch: Any, state: State) -> tuple[State, Any]:
            of_epoch = self._epoch(settings, epoch)
            rows = tf.reshape(tf.pad(order[epoch], [[0, padding]]), (steps, size))

            def step(index: Any, state: State, sums: Any, size: int = size) -> tuple[Any, State, Any]:
                x = tf.gather(train, rows[index][:size])
                step_seed = seed + tf.stack([4 * (epoch * steps + index), 0])
                state, of_batch = self._step(state, x, counted[index][:size], step_seed, of_epoch, settings)
                return index + 1, state, sums + of_batch

            start = (tf.constant(0), state, tf.zeros(len(CURVES)))
            index, state, sums = tf.while_loop(lambda index, *_: index < alike, step, start)
            if alike < steps:
                _, state, sums = step(index, state, sums, size - padding)
            every = tf.ones(structure.test_rows, tf.bool)
            same_noise = tf.add(seed, (2, 0))  # in every epoch
            terms, _ = self._terms(test, every, same_noise, state, settings, LATE, training=False)
            reconstruction, penalty = tf.reduce_mean(terms.reconstruction), tf.reduce_mean(terms.penalty)
            total = reconstruction + of_epoch.late_weight * penalty
            l2 = settings.l2_weights * tf.add_n([tf.reduce_sum(kernel**2) for kernel in state.weights.kernels])
            l2_of = tf.stack([0.0, 0.0, l2])
            validation = tf.stack([reconstruction, penalty, total])
            return state, tf.concat([sums / structure.train_rows + l2_of, validation + l2_of], axis=0)  # [6]

        def body(epoch: Any, state: State, best: Any, waited: Any, history: Any) -> tuple[Any, ...]:
            state, losses = epoch_of(epoch, state)
            monitored = tf.where(settings.monitor == 2, losses[5], losses[2])
            better = monitored < best
            history = tf.tensor_scatter_nd_update(history, [[epoch]], [losses])
            return epoch + 1, state, tf.minimum(best, monitored), tf.where(better, 0, waited + 1), history

        def go_on(epoch: Any, _: State, best: Any, waited: Any, history: Any) -> Any:
            stopped = (settings.monitor > 0) & (waited >= settings.patience)
            last = history[tf.maximum(epoch - 1, 0)]
            finite = tf.reduce_all(tf.math.is_finite(last[: len(CURVES)]))
            return (epoch < settings.epochs) & finite & ~stopped

        zero = tf.nest.map_structure(tf.zeros_like, weights)
        moments = tf.nest.map_structure(lambda w: Moments(w, w), zero)
        state = State(weights, statistics, moments, tf.constant(0.0))
        waiting = (tf.constant(np.inf, tf.float32), tf.constant(0))
        history = tf.zeros((structure.capacity, 2 * len(CURVES)))
        epochs, state, _, _, history = tf.while_loop(go_on, body, (tf.constant(0), state, *waiting, history))
        return state.weights, state.statistics, history, epochs


def settings_of(structure: Structure, spec: Spec) -> Settings:
    """Return the settings of `spec` for the program of its structure."""
    names = [loss.name for loss in structure.losses]
    index = names.index(spec.loss.name)
    parts = [spec.loss if i == index else loss for i, loss in enumerate(structure.losses)]
    return Settings(
        latent_mask=tf.constant(np.arange(structure.latent_units) < spec.latent_dim, tf.float32),
        dropout=tf.constant(spec.dropout, tf.float32),
        l2_activity=tf.constant(spec.l2_activity, tf.float32),
        l2_weights=tf.constant(spec.l2_weights, tf.float32),
        optimizer=coefficients(spec.optimizer, spec.learning_rate),
        epochs=tf.constant(spec.epochs),
        monitor=tf.constant({"off": 0, "training_loss": 1, "validation_loss": 2}[spec.early_stopping]),
        patience=tf.constant(spec.patience),
        loss=tf.constant(index),
        variant=_tensors(spec.variant),
        losses=tuple(_tensors(part) for part in parts),
    )


def _tensors(part: Any) -> dict[str, Any]:
    return {name: tf.constant(float(getattr(part, name))) for name in assigned_fields(part)}
