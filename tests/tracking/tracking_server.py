"""A real tracking server on a free loopback port."""

import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from vaebench.tracking.ui import ui_command


def wait_until(true: Callable[[], bool], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        threading.Event().wait(0.05)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serving(home: Path, port: int) -> AbstractContextManager[str]:
    """Serve the store of `home` with the command of `vaebench ui`; killed at the end, without a chance to tidy up."""
    command = ui_command(home, port=port)
    assert command is not None
    return serving_by(*command, home, port)


@contextmanager
def serving_by(argv: list[str], env: Mapping[str, str], home: Path, port: int) -> Iterator[str]:
    """Serve by a command; what it says is in a file in `home`."""
    url = f"http://127.0.0.1:{port}"
    with (home / "server.log").open("ab") as log:
        server = subprocess.Popen(argv, env=env, stdout=log, stderr=log, start_new_session=True)

    def ready() -> bool:
        assert server.poll() is None, (home / "server.log").read_text()
        with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    try:
        wait_until(ready, "the server answers")
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
