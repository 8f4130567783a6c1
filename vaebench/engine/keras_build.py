"""Builds a network of Keras's from a seed, and checks what its function returns."""

import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vaebench.errors import InputError
from vaebench.networks import KerasNetwork
from vaebench.networks._file import at_line
from vaebench.tf_setup import tf
from vaebench.variants import Variant

_building = threading.Lock()


def built(network: KerasNetwork, columns: int, latent_dim: int, variant: Variant, seed: int) -> tuple[Any, Any]:
    """Return encoder and decoder, their initial weights drawn from `seed`. Raises InputError if they do not fit."""
    where = f"network {network.name!r}, {network.name}(columns={columns}, latent_dim={latent_dim})"
    with _from_seed(seed):
        try:
            models = network.build(columns, latent_dim)
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{where}{at_line(error, network.file)}: {in_short(error)}") from None
        if not (isinstance(models, tuple | list) and len(models) == 2 and all(map(_is_model, models))):
            raise InputError(f"{where} must return an encoder and a decoder, two Keras models; it returns {models!r}")
        encoder, decoder = models
        codes = _shapes(where, "the encoder", encoder, (2, columns))
        output = _shapes(where, "the decoder", decoder, (2, latent_dim))
    if codes not in ([(2, latent_dim)], [(2, latent_dim)] * 2):
        raise InputError(
            f"{where}: from 2 rows the encoder must make (2, {latent_dim}), or two of these, z_mean and z_log_var; it "
            f"makes {_listed(codes)}"
        )
    if output != [(2, columns)]:
        raise InputError(f"{where}: from 2 codes the decoder must make (2, {columns}); it makes {_listed(output)}")
    if variant.stochastic and len(codes) == 1:
        raise InputError(
            f"{where}: variant {variant.name!r} needs an encoder with two outputs, z_mean and z_log_var; this one has "
            "one. Return two, or search variants without a posterior, such as 'ae'"
        )
    return encoder, decoder


@contextmanager
def _from_seed(seed: int) -> Iterator[None]:
    """Let Keras draw from `seed` and number layers from one on; Python and NumPy go on from where they were.

    Layers have a generator each, whose seed is drawn from Python's: for the time being from one that is theirs alone,
    since other threads of a worker, Dask's, draw from Python's too.
    """
    from keras.src.random import seed_generator

    from vaebench.tf_setup import keras  # only where there is such a network

    with _building:
        python, numpy = random.getstate(), np.random.get_state()
        keras.utils.set_random_seed(seed)
        shared = vars(seed_generator).get("python_random")  # not a public interface; without it, Python's
        seed_generator.python_random = random.Random(seed)
        try:
            with _numbered_anew():
                yield
        finally:
            seed_generator.python_random = shared
            random.setstate(python)
            np.random.set_state(numpy)


@contextmanager
def _numbered_anew() -> Iterator[None]:
    """Name layers as if none had been built before, so that a program does not depend on what was."""
    from keras.src.backend.common import global_state

    name = "object_name_uids"
    if not hasattr(global_state, "get_global_attribute"):  # not a public interface: see stable_function_names
        yield
        return
    before = global_state.get_global_attribute(name)
    global_state.set_global_attribute(name, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(name, before)


def _is_model(value: Any) -> bool:
    from vaebench.tf_setup import keras

    return isinstance(value, keras.Model)


def _shapes(where: str, which: str, model: Any, shape: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the shapes of what `model` makes of zeros of this shape; calling it builds it. Raises InputError."""
    try:
        made = model(tf.zeros(shape))
    except Exception as error:
        raise InputError(f"{where}: {which} does not take rows of shape {shape}: {in_short(error)}") from None
    return [tuple(output.shape) for output in (made if isinstance(made, tuple | list) else [made])]


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"


def in_short(error: Exception) -> str:
    """Return the kind of an error and its first lines: Keras's first says where, the second or third what."""
    plain = re.sub(r"\x1b\[\d*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    said = " ".join(lines[: 3 if lines[1:] and lines[1].endswith(":") else 2])
    return f"{type(error).__name__}: {said[:400]}"
