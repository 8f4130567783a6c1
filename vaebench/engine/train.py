"""Train a spec on scaled rows with the program of its structure."""

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaebench.engine.keras_build import in_short
from vaebench.engine.keras_layout import KerasApplied, KerasLayout
from vaebench.engine.network_of import network_of
from vaebench.engine.perceptron import Assigned, Network
from vaebench.engine.structure import Structure
from vaebench.engine.training_loop import Program, Settings, settings_of
from vaebench.engine.weights import Layout, Weights
from vaebench.errors import InputError
from vaebench.latent_samplers import Codes, Latent
from vaebench.networks import KerasNetwork
from vaebench.rows import Rows
from vaebench.seeds import generator
from vaebench.study.spec import Spec
from vaebench.tf_setup import forget_programs, return_memory, stable_function_names, tf

DECODED_AT_ONCE = 4096
"""Rows decoded at once, so that activities fit in the processor's cache."""


compiling = threading.Lock()
"""Held while a program is compiled, so that threads compile each only once. Runs need no lock."""


@lru_cache(maxsize=64)
def program_for(structure: Structure) -> Program:
    """Return the program of `structure`, one per process."""
    return Program(structure)


@dataclass(frozen=True)
class Start:
    """What a run starts from: weights, statistics, the order of rows in each epoch, the seed of noise and dropout."""

    weights: Weights
    statistics: Any
    order: NDArray[np.int32]  # [capacity, N]
    seed: NDArray[np.int32]  # [2]


def start_of(structure: Structure, spec: Spec, train_rows: Rows, seed: int) -> Start:
    """Draw what a run on these rows starts from, from `seed` alone."""
    random = generator("train", seed)
    weights, statistics = structure.layout.start(spec.latent_dim, random)
    mask = (np.arange(structure.latent_units) < spec.latent_dim).astype(np.float32)
    own = spec.variant.variables(train_rows, mask, generator("variables", seed))
    weights = weights._replace(own={name: np.asarray(value, np.float32) for name, value in own.items()})
    order = np.tile(np.arange(structure.train_rows, dtype=np.int32), (structure.capacity, 1))
    order[: spec.epochs] = random.permuted(order[: spec.epochs], axis=1)
    # Steps count up from the first number, layers from the second, so both leave room above.
    return Start(weights, statistics, order, random.integers(2**30, size=2, dtype=np.int32))


@dataclass(frozen=True)
class Trained:
    """A trained network."""

    structure: Structure
    spec: Spec
    weights: Weights
    statistics: Any  # of a perceptron a Vector, of a Keras network its State
    history: NDArray[np.float32]  # [epochs, 6], see training_loop.CURVES

    def codes(self, x: Rows) -> Codes:
        """Encode scaled rows."""
        variant, own = self.spec.variant, self.weights.own
        flow = variant.flow(own, self.spec.latent_dim)
        codes = Codes(*self._encoded(x), flow)
        if variant.pseudo_inputs is None:
            return codes
        return dataclasses.replace(codes, pseudo_inputs=Codes(*self._encoded(own[variant.pseudo_inputs]), flow))

    def _encoded(self, x: Rows) -> tuple[Latent, Latent]:
        """Return mean and standard deviation of q(z given x), shape (n, latent_dim) each."""
        mean, log_variance = self._network().encode(tf.constant(x, tf.float32))
        used = slice(self.spec.latent_dim)
        codes = mean.numpy()[:, used].astype(np.float64)
        if log_variance is None:
            return codes, np.zeros_like(codes)
        return codes, np.exp(0.5 * log_variance.numpy()[:, used].astype(np.float64))

    def reconstruction(self, x: Rows, z: Latent) -> Rows:
        """Return the reconstruction loss of scaled rows x at latent vectors z, summed over columns, shape (n,)."""
        output = self._network().decode(self._padded(z))
        log_variance = tf.constant(self.log_variance, tf.float32)
        cells = self.spec.loss.elementwise(tf.constant(x, tf.float32), output, log_variance)
        lost: Rows = cells.numpy().sum(axis=-1, dtype=np.float64)
        return lost

    def decode(self, z: Latent) -> Rows:
        """Decode latent vectors, shape (n, latent_dim), to scaled rows, shape (n, columns)."""
        network = self._network()
        blocks = [
            self.spec.loss.decoded(network.decode(self._padded(z[first : first + DECODED_AT_ONCE]))).numpy()
            for first in range(0, len(z), DECODED_AT_ONCE)
        ]
        rows: Rows = np.concatenate(blocks).astype(np.float64)
        return rows

    def _padded(self, z: Latent) -> Any:
        """Return latent vectors as wide as the network, zero beyond latent_dim."""
        padded = np.zeros((len(z), self.structure.latent_units), np.float32)
        padded[:, : z.shape[1]] = z
        return tf.constant(padded)

    @property
    def layout(self) -> Layout | KerasLayout:
        """The layers, and the place of each variable."""
        return self.structure.layout

    @property
    def log_variance(self) -> Rows:
        """The decoder's log-variance per column [F], in scaled units; zero if the loss does not learn it."""
        last: Rows = self.weights.vector[-self.structure.columns :].astype(np.float64)
        return last.clip(-10.0, 10.0)

    def _network(self) -> Network | KerasApplied:
        """Return the network for eager inference. Tracing a second function would cost more than it saves."""
        mask = tf.constant(np.arange(self.structure.latent_units) < self.spec.latent_dim, tf.float32)
        statistics = tf.nest.map_structure(tf.constant, self.statistics)
        return network_of(self.layout, _tensors(self.weights), statistics, Assigned(mask, dropout=None))


def train(spec: Spec, train_rows: Rows, test_rows: Rows, seed: int) -> Trained:
    """Train `spec` on scaled rows, shape (rows, columns). The result depends only on the arguments.

    Raises MemoryError.
    """
    structure = Structure.of(spec, columns=train_rows.shape[1], train_rows=len(train_rows), test_rows=len(test_rows))
    start = start_of(structure, spec, train_rows, seed)
    try:
        weights, statistics, history, epochs = _run(
            structure, start, train_rows, test_rows, settings_of(structure, spec)
        )
    except tf.errors.ResourceExhaustedError as error:  # a want that may pass, as NumPy's is
        raise MemoryError(str(error)) from None
    statistics = tf.nest.map_structure(lambda tensor: tensor.numpy(), statistics)
    return Trained(structure, spec, _arrays(weights), statistics, history.numpy()[: int(epochs)])


def compile_program(spec: Spec, *, columns: int, train_rows: int, test_rows: int) -> None:
    """Compile the program that `train` needs for `spec` and rows of this size, by training zero epochs."""
    structure = Structure.of(spec, columns=columns, train_rows=train_rows, test_rows=test_rows)
    settings = settings_of(structure, spec)._replace(epochs=tf.constant(0))
    rows, held_out = np.zeros((train_rows, columns)), np.zeros((test_rows, columns))
    _run(structure, start_of(structure, spec, rows, 0), rows, held_out, settings)


def _run(structure: Structure, start: Start, train_rows: Rows, test_rows: Rows, settings: Settings) -> tuple[Any, ...]:
    """Run the structure's program. The first run compiles it."""
    arguments = (
        _tensors(start.weights),
        tf.nest.map_structure(tf.constant, start.statistics),
        tf.constant(train_rows, tf.float32),
        tf.constant(test_rows, tf.float32),
        tf.constant(start.order),
        tf.constant(start.seed),
        settings,
    )
    result: tuple[Any, ...]
    with compiling:
        program = program_for(structure)
        if not program.compiled:
            with _network_at_fault(structure):
                try:
                    with stable_function_names(structure.key):
                        result = program.train(*arguments)
                except tf.errors.OpError:  # what is on disk may be damaged, or the disk full: a cache fails no trial
                    forget_programs()
                    program.trace_anew()  # under another name: XLA remembers that this one failed
                    with stable_function_names(f"{structure.key}, again"):
                        result = program.train(*arguments)
            program.compiled = True
            return_memory()
            return result
    result = program.train(*arguments)
    return result


@contextmanager
def _network_at_fault(structure: Structure) -> Iterator[None]:
    """Raise InputError where a program with a Keras network cannot be traced or compiled."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError, InputError):
        raise
    except Exception as error:
        if not isinstance(structure.network, KerasNetwork):
            raise
        raise InputError(
            f"network {structure.network.name!r} cannot be compiled into a training loop ({in_short(error)}): layers "
            "may use what TensorFlow compiles, which no text and no branches on values are"
        ) from None


def _tensors(weights: Weights) -> Weights:
    tensors: Weights = tf.nest.map_structure(tf.constant, weights)
    return tensors


def _arrays(weights: Weights) -> Weights:
    arrays: Weights = tf.nest.map_structure(lambda tensor: tensor.numpy(), weights)
    return arrays
