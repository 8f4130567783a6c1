"""Train a spec on scaled rows with the program of its structure."""

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaebench.engine.program import Program, Settings, settings_of
from vaebench.engine.structure import Structure
from vaebench.latent_samplers import Codes, Latent
from vaebench.networks import Layout, Vector, initial_statistics, initial_weights
from vaebench.records import Rows
from vaebench.runtime import tf
from vaebench.seeds import generator
from vaebench.spec import LATENT_UNITS, Spec

running = threading.Lock()
"""Held while a program's variables belong to one run: programs are shared by the threads of a process."""


@lru_cache(maxsize=64)
def program_for(structure: Structure) -> Program:
    """Return the process's one program of `structure`."""
    return Program(structure)


@dataclass(frozen=True)
class Start:
    """All numbers a run draws: initial weights, the order of the rows in each epoch, the seed of noise and dropout."""

    weights: Vector
    order: NDArray[np.int32]  # [capacity, N]
    seed: NDArray[np.int32]  # [2]


def start_of(program: Program, spec: Spec, seed: int) -> Start:
    """Draw the numbers of a run from `seed` and nothing else."""
    structure = program.structure
    random = generator("train", seed)
    weights = initial_weights(program.layout, spec.latent_dim, random)
    order = np.tile(np.arange(structure.train_rows, dtype=np.int32), (structure.capacity, 1))
    order[: spec.epochs] = random.permuted(order[: spec.epochs], axis=1)
    # Steps count up from the first number, layers from the second, so both leave room above.
    return Start(weights, order, random.integers(2**30, size=2, dtype=np.int32))


@dataclass(frozen=True)
class Trained:
    """A trained network: its flat weights and statistics, and what it takes to use them in the process's program."""

    structure: Structure
    spec: Spec
    weights: Vector
    statistics: Vector
    history: NDArray[np.float32]  # [epochs, 6], see program.CURVES

    def codes(self, x: Rows) -> Codes:
        """Encode scaled rows."""
        program, settings = self._loaded()
        mean, std = program.encode(tf.constant(x, tf.float32), settings)
        used = slice(self.spec.latent_dim)
        return Codes(mean.numpy()[:, used].astype(np.float64), std.numpy()[:, used].astype(np.float64))

    def decode(self, z: Latent) -> Rows:
        """Decode latent vectors, shape (n, latent_dim), to scaled rows, shape (n, columns)."""
        program, settings = self._loaded()
        padded = np.zeros((len(z), LATENT_UNITS), np.float32)
        padded[:, : z.shape[1]] = z
        rows: Rows = program.decode(tf.constant(padded), settings).numpy().astype(np.float64)
        return rows

    @property
    def layout(self) -> Layout:
        """Where each variable stands in the flat vectors."""
        return program_for(self.structure).layout

    @property
    def log_variance(self) -> Rows:
        """The decoder's log-variance, one a column [F], in scaled units; zero where the loss learns none."""
        last = self.weights[-self.structure.columns :].astype(np.float64)
        return np.clip(last, -10.0, 10.0)

    def _loaded(self) -> tuple[Program, Settings]:
        program = program_for(self.structure)
        program.assign(self.weights, self.statistics)
        return program, settings_of(self.structure, self.spec)


def train(spec: Spec, train_rows: Rows, test_rows: Rows, seed: int) -> Trained:
    """Train `spec` on scaled rows, shape (rows, columns). The result depends on the arguments alone."""
    structure = Structure.of(spec, columns=train_rows.shape[1], train_rows=len(train_rows), test_rows=len(test_rows))
    program = program_for(structure)
    start = start_of(program, spec, seed)
    program.assign(start.weights, initial_statistics(program.layout))
    program.reset_optimizer(spec.learning_rate)
    arguments: list[Any] = [tf.constant(rows, tf.float32) for rows in (train_rows, test_rows)]
    history, epochs = program.train(
        *arguments, tf.constant(start.order), tf.constant(start.seed), settings_of(structure, spec)
    )
    return Trained(structure, spec, program.weights.numpy(), program.statistics.numpy(), history.numpy()[: int(epochs)])
