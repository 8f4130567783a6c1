"""TensorFlow, made quiet and single-threaded, with compiled programs cached on disk.

Import TensorFlow and Keras only from here: `from vaebench.tf_setup import keras, tf`.
With one thread per process, results do not depend on the number of cores; parallelism is one process per core.
"""

import contextlib
import ctypes
import hashlib
import itertools
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaebench.files import own_cache
from vaebench.silence import without_stderr

ROOM = 100 * 2**20
"""Free bytes below which no program is kept: one takes 1 to 4 MB, and TensorFlow fails where one cannot be written."""


def programs_folder() -> Path:
    """Return the folder of compiled programs: one per kind of processor, since programs are machine code.

    Raises OSError where it cannot be this user's own (see vaebench.files.own_cache).
    """
    processor = platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return own_cache("xla", hashlib.sha256(processor.encode()).hexdigest()[:16])


def forget_programs() -> None:
    """Delete what is kept of compiled programs. What processes have compiled stays with them."""
    with contextlib.suppress(OSError):
        for entry in programs_folder().glob("*"):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def prepare() -> None:
    """Set the environment variables that TensorFlow reads on import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # otherwise it prints lines on import; training is as fast
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # otherwise scikit-learn counts cores, and warns if it cannot
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
    with contextlib.suppress(OSError):
        folder = programs_folder()
        if shutil.disk_usage(folder).free < ROOM:
            return
        flag = f"--tf_xla_persistent_cache_directory={folder}"
        os.environ["TF_XLA_FLAGS"] = f"{os.environ.get('TF_XLA_FLAGS', '')} {flag}".strip()


@contextlib.contextmanager
def without_keras() -> Iterator[None]:
    """Keep TensorFlow from importing Keras, and with it matplotlib and scikit-learn: nearly half of its import time.

    Told to use the legacy Keras, TensorFlow defers the import until `tf.keras` is used. By then the variable is unset.
    """
    name = "TF_USE_LEGACY_KERAS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


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


if "tensorflow" not in sys.modules:
    prepare()
with without_stderr(), without_keras():
    import tensorflow as tf

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


__all__ = ["forget_programs", "programs_folder", "return_memory", "stable_function_names", "tf"]
