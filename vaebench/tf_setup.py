"""TensorFlow, made quiet and single-threaded, with compiled programs cached on disk.

Import TensorFlow and Keras only from here: `from vaebench.tf_setup import keras, tf`.
With one thread per process, results do not depend on the number of cores; parallelism is one process per core.
"""

import contextlib
import ctypes
import hashlib
import itertools
import shutil
from collections.abc import Iterator
from typing import Any

from vaebench.silence import without_stderr
from vaebench.tf_import import programs_folder, tf


def forget_programs() -> None:
    """Delete what is kept of compiled programs. What processes have compiled stays with them."""
    with contextlib.suppress(OSError):
        for entry in programs_folder().glob("*"):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def return_memory() -> None:
    """Return memory freed after compiling to the system. glibc would keep it: a quarter of a worker's memory."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def stable_function_names(key: str) -> Iterator[None]:
    """Name functions that are traced in this context after `key`, whatever the process has traced before.

    TensorFlow numbers functions over the life of a process, and the numbers are part of a compiled program. Without
    this, only a process that traced the same functions in the same order would find a program on disk.
    """
    from tensorflow.python.framework import ops

    if not hasattr(ops, "uid"):  # not a public interface; without it programs on disk are not found again
        yield
        return
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    numbers = itertools.count(2**60 + digest * 2**24)  # far beyond TensorFlow's own, which also identify tensors
    tf.compat.v1.get_default_graph()  # creating it, once per process, takes a number
    before = ops.uid
    ops.uid = lambda: next(numbers)
    try:
        yield
    finally:
        ops.uid = before


with without_stderr():
    with contextlib.suppress(RuntimeError):  # TensorFlow was used before: its threads stay as they are
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")
    tf.zeros(()).numpy()  # the first operation starts the devices, which print lines too


def __getattr__(name: str) -> Any:
    """Import Keras when it is first used. Evaluating a spec never uses it."""
    if name != "keras":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import keras

    return keras


__all__ = ["forget_programs", "return_memory", "stable_function_names", "tf"]
