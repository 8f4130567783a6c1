"""A cluster is used only where all of it is alike, whoever joins and whenever; with real schedulers and workers."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

import vaebench
from vaebench.errors import InputError
from vaebench.search import versions
from vaebench.search import workers as cluster

FOLDER = Path(__file__).parents[2] / "experiments" / "hosts"
WAY_OUT = "Install the same on every host, start its workers again, and give the same command (docs/cluster.md)"
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return what starts a command of Dask, with a folder of code that comes before vaebench's; it is killed after."""
    monkeypatch.syspath_prepend(str(FOLDER))
    import hosts

    here, root = hosts.Host("here"), str(Path(vaebench.__file__).parents[1])
    with ExitStack() as stack:

        def begin(command: list[str], code: Path | None = None) -> "subprocess.Popen[bytes]":
            path = os.pathsep.join(map(str, filter(None, [code, root, *os.environ.get("PYTHONPATH", "").split(":")])))
            process = here.start(*command, said=tmp_path / "said", environment={"PYTHONPATH": path}, folder=tmp_path)
            stack.callback(process.wait)
            stack.callback(end, process)
            return process

        yield begin


def end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def other_code(tmp_path: Path) -> Path:
    """Return a folder with a vaebench of the same version and other code."""
    shutil.copytree(Path(vaebench.__file__).parent, tmp_path / "other" / "vaebench")
    with (tmp_path / "other" / "vaebench" / "seeds.py").open("a") as file:
        file.write("# changed\n")
    return tmp_path / "other"


@pytest.fixture
def no_code(tmp_path: Path) -> Path:
    """Return a folder that hides vaebench."""
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "vaebench.py").touch()
    return tmp_path / "none"


@pytest.mark.slow
def test_who_differs_is_named_when_the_cluster_is_joined_and_when_it_joins_later(
    start: Start, other_code: Path, no_code: Path
) -> None:
    import hosts

    address = f"tcp://127.0.0.1:{(port := free_port())}"
    start(hosts.scheduler(port, "127.0.0.1"), no_code)
    with cluster.executor(0, address) as executor:  # there is nobody yet
        late = executor.submit(len, "ab")
        without = start([*hosts.worker(address), "--no-nanny"], no_code)
        with pytest.raises(InputError, match=r"^the cluster cannot be used: worker tcp://127.0.0.1:\d+ on \S+ has no "):
            late.result(timeout=120)
        os.killpg(without.pid, signal.SIGKILL)
        late = executor.submit(len, "ab")
        start([*hosts.worker(address), "--no-nanny"], other_code)
        with pytest.raises(InputError) as raised:
            late.result(timeout=120)
    code = versions.here()["vaebench"]
    assert f" on {socket.gethostname()} has vaebench {code.partition(' ')[0]} (code " in str(raised.value)
    assert str(raised.value).endswith(f"), not {code}. {WAY_OUT}")
    with pytest.raises(InputError, match=r"^the cluster at .* cannot be used: worker tcp.* has vaebench .* \(code "):
        cluster.executor(0, address).__enter__()


def test_a_worker_of_several_threads_is_refused() -> None:
    from distributed import LocalCluster

    options = {"processes": False, "protocol": "tcp://", "host": "127.0.0.1", "dashboard_address": ":0"}
    told = r"has 2 threads, not 1 \(dask worker --nworkers 2 --nthreads 1\)\. "
    with LocalCluster(1, threads_per_worker=2, **options) as running, pytest.raises(InputError, match=told):
        cluster.executor(0, running.scheduler_address).__enter__()


def refuse() -> None:
    raise ValueError("no")


def lack() -> None:
    raise InputError("file = 'my.csv': No such file or directory")


def test_what_a_task_raises_there_is_raised_here() -> None:
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "processes": False, "protocol": "tcp://", "host": "127.0.0.1"}
    with (
        LocalCluster(1, dashboard_address=":0", **options) as running,
        cluster.executor(0, running.scheduler_address) as executor,
    ):
        with pytest.raises(ValueError, match=r"^no(\n|$)"):
            executor.submit(refuse).result()
        with pytest.raises(InputError, match=r"^file = 'my.csv': No such file or directory \(worker tcp:.* on \S+\)$"):
            executor.submit(lack).result()


def test_every_library_that_decides_results_is_compared() -> None:
    here = versions.here()
    assert versions.differences(here, here) == ""
    for name in ("Python", "vaebench", "tensorflow", "keras", "numpy", "scipy", "scikit-learn", "distributed"):
        assert versions.differences({**here, name: "0.0"}, here) == f"{name} 0.0, not {here[name]}"
        assert versions.differences({**here, name: ""}, here) == f"no {name}, not {here[name]}"
