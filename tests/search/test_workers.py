"""Worker processes, and the executor in this process (in_process)."""

import contextlib
import os
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import psutil
import pytest

from vaebench.errors import NoResult
from vaebench.search import local_workers
from vaebench.search import workers as cluster
from vaebench.search.in_worker import in_time


@pytest.fixture(autouse=True)
def _without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_workers, "_load_everywhere", lambda client: None)
    monkeypatch.setattr(local_workers, "LOADED", ("distributed",))


@pytest.fixture
def two_workers(_without_tensorflow: None) -> Iterator[Executor]:
    with cluster.executor(2) as executor:
        yield executor


def meet(folder: Path) -> tuple[int, frozenset[int]]:
    """Return this worker's process and cores, once a second worker runs this too."""
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < 2:
        pass
    return os.getpid(), frozenset(os.sched_getaffinity(0))


def cores() -> frozenset[int]:
    return frozenset(os.sched_getaffinity(0))


def environment() -> dict[str, str]:
    return dict(os.environ)


def listening(pid: int) -> set[str]:
    sockets = psutil.Process(pid).net_connections("inet")
    return {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}


def die_once(flag: Path, value: int) -> int:
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(folder: Path, value: int) -> int:
    """Never end the first time; say who began."""
    first = not list(folder.iterdir())
    (folder / str(os.getpid())).touch()
    while first:
        pass
    return value


def exhaust_memory(flag: Path, value: int) -> int:
    if not flag.exists():
        flag.touch()
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        np.ones(2**33)
    return value


def out_of_time() -> None:
    raise TimeoutError("its own")


def square(value: int) -> int:
    return value**2


def note(file: Path, value: int) -> None:
    with file.open("a") as lines:
        lines.write(f"{value}\n")


def refuse() -> None:
    raise ValueError("no")


def forked(*, workers: bool = True) -> list[psutil.Process]:
    """Return the worker processes, or those that they are forked from."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, AttributeError):
            if (
                "forkserver" in " ".join(child.cmdline())
                and ("forkserver" in " ".join(child.parent().cmdline())) is workers
            ):
                found.append(child)
    return found


def test_each_worker_has_a_core_and_an_environment_of_its_own(two_workers: Executor, tmp_path: Path) -> None:
    available = sorted(os.sched_getaffinity(0))
    met = {future.result() for future in [two_workers.submit(meet, tmp_path) for _ in range(2)]}
    assert len(met) == 2
    if len(available) <= 2:  # workers that are fewer than the cores are not pinned
        assert sorted(min(pinned_to) for _, pinned_to in met) == sorted(
            available[index % len(available)] for index in range(2)
        )
        assert {len(pinned_to) for _, pinned_to in met} == {1}
    else:
        assert {pinned_to for _, pinned_to in met} == {frozenset(available)}
    theirs = two_workers.submit(environment).result()
    assert {name: theirs[name] for name in local_workers.ENVIRONMENT} == local_workers.ENVIRONMENT
    assert listening(os.getpid()) | set().union(*(listening(pid) for pid, _ in met)) == {"127.0.0.1"}


def test_nothing_is_left_behind_and_nothing_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = dict(os.environ)
    with cluster.executor(2) as executor:
        futures = [executor.submit(die_once, tmp_path / "flag", value) for value in range(20)]
        assert [future.result() for future in futures] == list(range(20))
        assert len(executor.submit(cores).result()) == 1 or len(cores()) > 2  # pinned again after the death
    assert dict(os.environ) == before
    assert forked() == forked(workers=False) == []
    assert capfd.readouterr() == ("", "")


def test_a_task_that_kills_its_workers_fails_alone(two_workers: Executor) -> None:
    deadly, others = two_workers.submit(die), [two_workers.submit(square, value) for value in range(10)]
    assert [future.result() for future in others] == [value**2 for value in range(10)]
    with pytest.raises(NoResult, match=r"^its worker died 3 times \(killed, or out of memory\)$"):
        deadly.result()


def test_a_task_that_hangs_fails_alone_and_its_worker_is_replaced(tmp_path: Path) -> None:
    with cluster.executor(1) as executor:
        hanging = executor.submit(in_time, 0.01, hang, tmp_path, 1)
        others = [executor.submit(in_time, 1, hang, tmp_path, value) for value in range(5)]
        with pytest.raises(NoResult, match=r"^it took longer than trial_minutes = 0.01 and was stopped$"):
            hanging.result(timeout=120)
        assert [future.result(timeout=120) for future in others] == list(range(5))
        first, second = (int(path.name) for path in sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_ctime))
        assert not psutil.pid_exists(first)
        assert psutil.pid_exists(second)
        with pytest.raises(TimeoutError, match="its own"):
            executor.submit(in_time, 1, out_of_time).result(timeout=120)


@pytest.mark.parametrize("workers", [True, False], ids=["a worker", "what workers are forked from"])
def test_what_is_killed_before_it_has_begun_is_started_again(workers: bool) -> None:
    def kill_the_first() -> None:
        while not (there := forked(workers=workers)):
            pass
        there[0].kill()

    with ThreadPoolExecutor(1) as thread:
        killed = thread.submit(kill_the_first)
        with cluster.executor(1) as executor:
            assert killed.done()
            assert executor.submit(square, 3).result(timeout=120) == 9


def test_a_worker_without_memory_is_replaced_and_its_task_run_again(tmp_path: Path) -> None:
    with cluster.executor(1) as executor:
        assert executor.submit(exhaust_memory, tmp_path / "flag", 7).result(timeout=120) == 7


def test_in_this_process_nothing_is_limited() -> None:
    with cluster.executor(0) as executor:
        assert executor.submit(in_time, 1e-9, square, 3).result() == 9


def test_futures_are_those_of_the_standard_library(two_workers: Executor) -> None:
    futures = [two_workers.submit(square, 3), two_workers.submit(refuse)]
    assert wait(futures, timeout=60).not_done == set()
    assert futures[0].result() == 9
    with pytest.raises(ValueError, match=r"^no$"):
        futures[1].result()


def test_in_process_a_task_runs_when_its_result_is_asked_for() -> None:
    ran: list[int] = []
    with cluster.executor(0) as executor:
        first, second, third = (executor.submit(ran.append, value) for value in range(3))
        second.result()
        assert ran == [1]
        assert third.cancel()
        first.result()
        first.result()
        assert ran == [1, 0]
        with pytest.raises(ValueError, match=r"^no$"):
            executor.submit(refuse).result()


def test_tasks_run_in_the_order_of_sending(tmp_path: Path) -> None:
    file = tmp_path / "order"
    with cluster.executor(1) as executor:
        wait([executor.submit(note, file, value) for value in range(40)])
    assert [int(line) for line in file.read_text().split()] == list(range(40))
