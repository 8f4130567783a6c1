"""TensorFlow imported, but not begun: it has no threads yet, so that the process can still be forked.

Environment variables tell it to print nothing, to use no GPU, and where compiled programs are kept. Use it through
vaebench.tf_setup.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

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


if "tensorflow" not in sys.modules:
    prepare()
with without_stderr(), without_keras():
    import tensorflow as tf

__all__ = ["programs_folder", "tf"]
