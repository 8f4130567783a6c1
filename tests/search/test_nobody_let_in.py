"""No other user of the machine reaches the workers, or finds anything of theirs to write to."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import psutil
import pytest

from vaebench.search import local_workers
from vaebench.search import workers as cluster

INTRUDER = """
import asyncio, os, sys
from distributed import Security
from distributed.comm import connect

credentials = {"tcp": {}, "tls": Security.temporary().get_connection_args("client")}
if os.getuid() == 0:  # as another user, where one can be had
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)

async def reached():
    tried = {
        asyncio.create_task(connect(f"{protocol}://127.0.0.1:{port}", timeout=2, **arguments)): f"{protocol} {port}"
        for port in sys.argv[1:]
        for protocol, arguments in credentials.items()
    }
    done, _ = await asyncio.wait(tried, timeout=5)  # a server of web pages never answers
    return [tried[task] for task in done if task.exception() is None]

print(*asyncio.new_event_loop().run_until_complete(reached()), sep="\\n", flush=True)
os._exit(0)  # without waiting for what was not answered
"""
"""Connects to each port with a plain client and with one that has a certificate of its own; prints where it got in."""


def intrude(ports: set[int]) -> str:
    return subprocess.run(
        [sys.executable, "-c", INTRUDER, *map(str, sorted(ports))], capture_output=True, text=True, check=True, cwd="/"
    ).stdout.strip()


def processes() -> list[psutil.Process]:
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def listening() -> set[int]:
    sockets = [socket for process in processes() for socket in process.net_connections("inet")]
    return {socket.laddr.port for socket in sockets if socket.status == psutil.CONN_LISTEN}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def others() -> set[int]:
    """Return the ports that this process listened on before."""
    return listening()


@pytest.fixture
def one_worker(others: set[int], temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    monkeypatch.setattr(local_workers, "_load_everywhere", lambda client: None)
    monkeypatch.setattr(local_workers, "LOADED", ("distributed",))
    with cluster.executor(1) as executor:
        yield executor


def test_without_the_runs_own_certificate_nobody_gets_in(one_worker: Executor, others: set[int]) -> None:
    ports = listening() - others
    assert len(ports) >= 3  # the scheduler's, the nanny's, the worker's
    assert intrude(ports) == ""
    assert one_worker.submit(os.getuid).result() == os.getuid()


def test_the_intruder_gets_in_where_nothing_keeps_it_out(tmp_path: Path) -> None:
    from distributed import LocalCluster

    with LocalCluster(1, processes=False, protocol="tcp://", host="127.0.0.1", dashboard_address=":0") as open_to_all:
        port = int(open_to_all.scheduler_address.rpartition(":")[2])
        assert intrude({port}) == f"tcp {port}"


def test_the_folders_of_the_workers_are_the_users_own(one_worker: Executor, temporary: Path) -> None:
    (scratch,) = temporary.iterdir()
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    files = [file.path for process in processes() for file in process.open_files() if file.path.endswith(".dirlock")]
    assert len(files) >= 2  # the scheduler's and the worker's
    assert all(Path(file).is_relative_to(scratch) for file in files)
    assert Path(one_worker.submit(os.getcwd).result()) in (scratch, Path.cwd())


def test_a_cache_that_others_can_write_to_is_not_used_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cluster, "_local", lambda workers, say: None)
    cluster.executor(2)
    assert caplog.messages == []
    (tmp_path / "vaebench").chmod(0o770)
    cluster.executor(2)
    (said,) = caplog.messages
    assert said == (
        "compiled programs are not kept, so each run compiles them again: "
        f"{tmp_path}/vaebench can be written to by others: delete it, or set XDG_CACHE_HOME to a folder of your own"
    )
