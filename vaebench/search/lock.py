"""The lock that lets only one process run a study at a time."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vaebench.errors import InputError
from vaebench.files import study_folder


@contextmanager
def lock(home: Path, name: str) -> Iterator[None]:
    """Hold the lock of the study called `name`: for all that writes its record, or what MLflow has of it.

    The lock belongs to the open file, so the operating system releases it as soon as its holder dies.

    Raises InputError if another process has it, and says which, or if there can be no lock.
    """
    path = study_folder(home, name) / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        raise InputError(f"study {name!r}: there is no permission to write in {path.parent}") from None
    try:
        _take(descriptor, path, name)
        holder = f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M:%S')}"
        with suppress(OSError):  # a full disk; the lock is held nevertheless
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, holder.encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, name: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 1000, 0).decode(errors="replace").strip() or "another process"
        raise InputError(f"study {name!r} is being run by {holder}: wait for it, or end it") from None
    except OSError as error:
        raise InputError(
            f"{path}: this file system keeps no locks ({error.strerror}), without which two runs of one study would "
            "spoil its record: choose a --home on another one"
        ) from None
