"""TensorFlow, quiet, single-threaded and with its compiled programs cached on disk.

Whoever needs TensorFlow or Keras imports it from here: `from vaebench.engine.tf_setup import keras, tf`.
One thread a process: results then do not depend on the machine's cores, and parallelism is one process a core.
"""

import contextlib
import ctypes
import hashlib
import itertools
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaebench.files import cache_folder


def programs_folder() -> Path:
    """Return the folder of compiled programs. They are machine code, so each kind of processor has its own."""
    processor = platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return cache_folder() / "xla" / hashlib.sha256(processor.encode()).hexdigest()[:16]


def prepare() -> None:
    """Set what TensorFlow reads from the environment when it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # it prints lines on import otherwise; training is as fast
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # scikit-learn counts cores otherwise, and warns where it cannot
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
    with contextlib.suppress(OSError):
        folder = programs_folder()
        folder.mkdir(parents=True, exist_ok=True)
        flag = f"--tf_xla_persistent_cache_directory={folder}"
        os.environ["TF_XLA_FLAGS"] = f"{os.environ.get('TF_XLA_FLAGS', '')} {flag}".strip()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send the process's standard error to nowhere: TensorFlow's C++ greets on import, whatever its log level."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def without_keras() -> Iterator[None]:
    """Keep TensorFlow from importing Keras, and with it matplotlib and scikit-learn: nearly half of its import's time.

    Told to use the legacy Keras, it looks for that when somebody asks for `tf.keras`, by when nobody tells it so.
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
    """Give the memory that compiling freed back to the system: a quarter of a worker's, which glibc would keep."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def stable_function_names(key: str) -> Iterator[None]:
    """Trace inside this context, and functions are named after `key`, whatever the process has traced before.

    TensorFlow numbers functions through a process's life, the numbers are part of a compiled program, and so a program
    on disk would be found only by a process that traced the same functions in the same order.
    """
    from tensorflow.python.framework import ops

    if not hasattr(ops, "uid"):  # it is no public interface; only programs on disk are lost without it
        yield
        return
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    numbers = itertools.count(2**60 + digest * 2**24)  # far beyond TensorFlow's own, which also tell tensors apart
    tf.compat.v1.get_default_graph()  # it takes a number where it is made, which is once a process
    before = ops.uid
    ops.uid = lambda: next(numbers)
    try:
        yield
    finally:
        ops.uid = before


if "tensorflow" not in sys.modules:
    prepare()
with quiet(), without_keras():
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # somebody used TensorFlow before us: its threads stay as they are
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")
    tf.zeros(()).numpy()  # the first operation starts the devices, which greet as well


def __getattr__(name: str) -> Any:
    """Import Keras where somebody asks for it: evaluating a spec never does."""
    if name != "keras":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import keras

    return keras


__all__ = ["programs_folder", "return_memory", "stable_function_names", "tf"]
