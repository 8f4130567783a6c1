"""One process at a time runs a study: the second is told who has it, and no lock outlives its holder."""

import errno
import os
import platform
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from refused_calls import FLOCK, refused
from unprivileged import unprivileged

from vaebench.errors import InputError
from vaebench.search.lock import lock

HOLDER = """
import subprocess, sys
from pathlib import Path
from vaebench.search.lock import lock
with lock(Path(sys.argv[1]), "small"):
    child = subprocess.Popen(["sleep", "600"], close_fds=False)
    print(child.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Return a process that holds the lock, and the id of a child of it."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        yield process, child
        process.kill()
        os.kill(child, signal.SIGKILL)


def take(home: Path) -> None:
    with lock(home, "small"):
        pass


def test_the_second_is_told_who_has_it_until_that_one_is_dead(
    tmp_path: Path, holder: tuple["subprocess.Popen[str]", int]
) -> None:
    process, child = holder
    said = (
        rf"study 'small' is being run by process {process.pid} on {re.escape(socket.gethostname())} since "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: wait for it, or end it"
    )
    with pytest.raises(InputError, match=rf"^{said}$"):
        take(tmp_path)
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(InputError, match=said):
        take(tmp_path)
    process.kill()
    process.wait()
    os.kill(child, 0)  # what it started lives on, and has no lock
    take(tmp_path)


def test_another_study_is_free(tmp_path: Path, holder: tuple["subprocess.Popen[str]", int]) -> None:
    with lock(tmp_path, "other"):
        pass


@pytest.mark.skipif(platform.machine() not in FLOCK, reason="the number of flock is not known for this processor")
@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(tmp_path: Path, error: int) -> None:
    with pytest.raises(InputError, match=r"lock: this file system keeps no locks .*: choose a --home on another one"):
        refused(FLOCK[platform.machine()], error, lambda: take(tmp_path))


@pytest.mark.parametrize("place", ["studies", "studies/small"])
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    with pytest.raises(
        InputError, match=rf"study 'small': there is no permission to write in {tmp_path}/studies/small$"
    ):
        unprivileged(lambda: take(tmp_path))
