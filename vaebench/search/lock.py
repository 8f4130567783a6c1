"""The lock that lets only one process run a study at a time."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vaebench.errors import InputError
from vaebench.files import study_folder


@contextmanager
def lock(home: Path, name: str) -> Iterator[None]:
    """Hold the lock of the study called `name`. Raises InputError, naming the holder, if another process has it.

    The lock belongs to the open file, so the operating system releases it as soon as its holder dies.
    """
    path = study_folder(home, name) / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise InputError(f"study {name!r} is being run by {holder}") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
