"""Worker processes on this machine: a Dask cluster of the run's own, which no other user can reach."""

import contextlib
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import TYPE_CHECKING, Any

from vaebench.errors import InputError
from vaebench.silence import without_stderr

if TYPE_CHECKING:
    from distributed import Client, LocalCluster, Worker

MALLOC = str(512 * 2**20)
ENVIRONMENT = {
    # for glibc's malloc. With Dask's default of 64 KiB it keeps returning memory, and training takes 1.7 times as long
    "MALLOC_TRIM_THRESHOLD_": MALLOC,
    "MALLOC_MMAP_THRESHOLD_": MALLOC,
    # one thread a worker
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # no messages when TensorFlow is imported
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
"""Environment variables of a worker, set before its process starts. The user's own variables win."""
LOADED = ("vaebench.search.preloaded",)
"""What the process that workers are forked from imports."""
DEATHS = 3
"""Number of workers that die while running a task until the task counts as the cause and fails."""


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


@contextmanager
def local_client(workers: int, say: Callable[[str], None]) -> Iterator["Client"]:
    """Start `workers` worker processes and yield a Dask client of theirs; end them with the context."""
    say(f"starting {workers} worker{'s' if workers > 1 else ''}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_own_environment())
        stack.enter_context(fork_server())  # before Dask is imported: it loads meanwhile
        yield stack.enter_context(_client(workers, say))


@contextmanager
def _client(workers: int, say: Callable[[str], None]) -> Iterator["Client"]:
    import dask

    settings = {
        "distributed.nanny.pre-spawn-environ": ENVIRONMENT,
        "distributed.nanny.environ": ENVIRONMENT,
        "distributed.worker.multiprocessing-method": "forkserver",
        "distributed.scheduler.allowed-failures": DEATHS - 1,
        "distributed.deploy.lost-worker-timeout": "30 days",  # else one that starts again in over 15 s is lost for good
        "distributed.scheduler.worker-saturation": 1.0,  # no queue at a worker: its death fails no other task
        "distributed.scheduler.http.routes": [],  # nobody needs the status pages, which any user could open
        "distributed.worker.http.routes": [],
        "distributed.admin.low-level-log-length": 0,
        "distributed.worker.profile.enabled": False,  # it samples every thread a hundred times a second
    }
    with (
        silent_dask(),
        tempfile.TemporaryDirectory(prefix="vaebench-") as scratch,
        dask.config.set(settings | {"temporary-directory": scratch}),  # mode 0700
        contextlib.ExitStack() as stack,
    ):
        with _signals_are_ours(), _start_explained():
            cluster = _start(workers)
            client = stack.enter_context(stack.enter_context(cluster).get_client())
            stack.callback(_kill, cluster)
        # pin only if all cores are used: two runs with fewer workers would share the first cores
        if workers >= len(cores()) and hasattr(os, "sched_setaffinity"):
            client.register_plugin(_pin_plugin(cores()))
        say("loading TensorFlow in each")
        _load_everywhere(client)
        yield client


@contextmanager
def silent_dask() -> Iterator[None]:
    """Silence Dask's log lines: users need not know that a dead worker was restarted."""
    import distributed  # noqa: F401  # importing it sets the levels of its loggers

    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado.application")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def fork_server() -> Iterator[None]:
    """Start the process that workers are forked from, which has no threads; end it with the context.

    This process may have TensorFlow at work and cannot be forked. Does nothing where it was started before.
    """
    server: Any = vars(forkserver)["_forkserver"]  # what is public cannot end it
    begun = server._forkserver_pid is not None
    if begun:  # ahead of the workers, or by the caller, for purposes of their own
        yield
        return
    paths = {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path), "PYTHONSAFEPATH": "1"}
    own, others = {name: os.environ.get(name) for name in paths}, server._preload_modules
    forkserver.set_forkserver_preload(list(LOADED))
    os.environ.update(paths | {name: value for name, value in ENVIRONMENT.items() if name not in os.environ})
    with _signals_are_ours():
        forkserver.ensure_running()
    _set_environment(own)
    try:
        yield
    finally:
        forkserver.set_forkserver_preload(others)
        with contextlib.suppress(ProcessLookupError):
            os.kill(server._forkserver_pid, signal.SIGKILL)
        server._stop()


def _start(workers: int) -> "LocalCluster":
    """Start the cluster, again where a worker is killed before it has begun. Raises RuntimeError if that goes on."""
    for _ in range(DEATHS - 1):
        with contextlib.suppress(RuntimeError):
            return _start_once(workers)
    return _start_once(workers)


def _start_once(workers: int) -> "LocalCluster":
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        security=True,  # certificates of its own, in memory: no other user can reach it, and so run code
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # for its status server, which always runs
        silence_logs=logging.CRITICAL,
        memory_limit=0,  # otherwise a worker over its share is paused for good
    )


def _load_everywhere(client: "Client") -> None:
    """Load TensorFlow on every worker and wait for it: no task could run there earlier anyway.

    One task for each idle worker. Dask would wait for ever to run a task that names a worker that is killed meanwhile.
    """
    from distributed import wait

    wait([client.submit(_load_tensorflow, pure=False) for _ in client.scheduler_info(n_workers=-1)["workers"]])


def _load_tensorflow() -> None:
    import vaebench.tf_setup  # noqa: F401


def _pin_plugin(cores: list[int]) -> Any:
    from distributed import WorkerPlugin

    class Pin(WorkerPlugin):  # type: ignore[misc]
        """Pins a worker to its own core before TensorFlow starts, which sizes its thread pools by the available cores.

        It runs again when a worker is restarted.
        """

        def setup(self, worker: "Worker") -> None:
            os.sched_setaffinity(0, {cores[int(worker.name) % len(cores)]})

    return Pin()


def _kill(cluster: "LocalCluster") -> None:
    """Kill the workers, which have nothing to lose. Dask would wait for a fit under way, for seconds."""
    for nanny in cluster.workers.values():
        nanny.close_gracefully()  # it starts no other
        if (process := nanny.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextmanager
def _signals_are_ours() -> Iterator[None]:
    """Block SIGINT and SIGHUP while the cluster starts. Its threads inherit that, and so do all workers they start.

    A terminal sends Ctrl-C to every process of the group, and SIGHUP when it is closed, but this process should be the
    one to end the others.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    with without_stderr():  # where this process is killed, it would complain of semaphores that it cleans up
        resource_tracker.ensure_running()  # before SIGINT is blocked, which starting it would undo
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _start_explained() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise InputError(
            f"the worker processes did not start ({error}). A Python script that starts workers needs "
            'its calls under `if __name__ == "__main__":`, since each worker imports the script'
        ) from None


@contextmanager
def _own_environment() -> Iterator[None]:
    """Restore this process's environment, to which Dask's nannies add the workers' variables."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
