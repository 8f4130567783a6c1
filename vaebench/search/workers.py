"""The workers: this process, processes on this machine, or a Dask cluster. The only module that imports dask.

All three are a plain `concurrent.futures.Executor`, so that the search does not depend on which it has.
"""

import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from vaebench.errors import InputError
from vaebench.files import own_cache
from vaebench.search.in_process import InProcess

if TYPE_CHECKING:
    from distributed import Client, Worker

log = logging.getLogger("vaebench")
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
ALLOWED_FAILURES = 3
"""Number of workers that may die while running a task; then the task counts as the cause and fails."""
CONNECT_SECONDS = 30


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def executor(
    workers: int, address: str | None = None, say: Callable[[str], None] = lambda what: None
) -> AbstractContextManager[Executor]:
    """Start `workers` worker processes on this machine; 0 is this process; with `address`, join a cluster instead.

    `address` is that of a running Dask scheduler ("tcp://HOST:PORT"), or a scheduler file. `say` is called with each
    step. Raises InputError if no scheduler answers at `address`.
    """
    if address is not None:
        return _joined(address)
    try:
        own_cache("xla")
    except OSError as error:
        log.warning("compiled programs are not kept, so each run compiles them again: %s", error)
    return _local(workers, say) if workers else contextlib.nullcontext(InProcess())


class _Remote(Executor):
    """A Dask client as an executor.

    Dask's own `Client.get_executor()` raises if a worker dies after it ended a task and before it handed over the
    result. Dask's futures, used here, run the task again.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Send a task to the cluster."""
        # Run tasks in the order of sending. By default Dask runs those sent within 0.1 s in any order.
        remote = self._client.submit(fn, *args, pure=False, fifo_timeout=0, **kwargs)
        future: Future[Any] = Future()

        def finish(_: object) -> None:  # called in a Dask thread
            with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
                try:
                    future.set_result(remote.result())
                except CancelledError:
                    future.cancel()
                except Exception as error:
                    future.set_exception(error)

        def cancel(_: object) -> None:
            if future.cancelled() and not remote.cancelled():
                remote.cancel()

        future.add_done_callback(cancel)
        remote.add_done_callback(finish)
        return future


@contextmanager
def _local(workers: int, say: Callable[[str], None]) -> Iterator[Executor]:
    say(f"starting {workers} worker{'s' if workers > 1 else ''}")
    import dask
    from distributed import LocalCluster

    settings = {
        "distributed.nanny.pre-spawn-environ": ENVIRONMENT,
        "distributed.nanny.environ": ENVIRONMENT,
        "distributed.worker.multiprocessing-method": "spawn",  # never fork: this process may have TensorFlow loaded
        "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
        "distributed.scheduler.worker-saturation": 1.0,  # no queue at a worker: its death fails no other task
        "distributed.scheduler.http.routes": [],  # nobody needs the status pages, which any user could open
        "distributed.worker.http.routes": [],
        "distributed.admin.low-level-log-length": 0,
        "distributed.worker.profile.enabled": False,  # it samples every thread a hundred times a second
    }
    with (
        _silent_dask(),
        _own_environment(),
        tempfile.TemporaryDirectory(prefix="vaebench-") as scratch,
        dask.config.set(settings | {"temporary-directory": scratch}),  # mode 0700
        contextlib.ExitStack() as stack,
    ):
        with _ctrl_c_is_ours(), _start_explained():
            cluster = LocalCluster(
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
            client = stack.enter_context(stack.enter_context(cluster).get_client())
        # pin only if all cores are used: two runs with fewer workers would share the first cores
        if workers >= len(cores()) and hasattr(os, "sched_setaffinity"):
            client.register_plugin(_pin_plugin(cores()))
        say("loading TensorFlow in each")
        _load_everywhere(client)
        yield _Remote(client)


@contextmanager
def _joined(address: str) -> Iterator[Executor]:
    from distributed import Client

    if address.endswith(".json") and not os.path.exists(address):
        raise InputError(f"scheduler file {address!r} does not exist")
    where = {"scheduler_file": address} if os.path.exists(address) else {"address": address}
    with _silent_dask():
        try:
            client = Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception as error:  # a wrong address or file makes Dask raise anything
            raise InputError(f"no Dask scheduler answers at {address!r}: {type(error).__name__}: {error}") from None
        with client:
            yield _Remote(client)


def _load_everywhere(client: "Client") -> None:
    """Load TensorFlow on every worker and wait for it: no task could run there earlier anyway."""
    from distributed import wait

    workers = client.scheduler_info(n_workers=-1)["workers"]
    wait([client.submit(_load_tensorflow, workers=[worker], pure=False) for worker in workers])


def _load_tensorflow() -> None:
    import vaebench.engine.tf_setup  # noqa: F401


def _pin_plugin(cores: list[int]) -> Any:
    from distributed import WorkerPlugin

    class Pin(WorkerPlugin):  # type: ignore[misc]
        """Pins a worker to its own core before TensorFlow starts, which sizes its thread pools by the available cores.

        It runs again when a worker is restarted.
        """

        def setup(self, worker: "Worker") -> None:
            os.sched_setaffinity(0, {cores[int(worker.name) % len(cores)]})

    return Pin()


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Block SIGINT while the cluster starts. Its threads inherit that, and so do all workers they start.

    A terminal sends Ctrl-C to every process of the group, but this process should be the one to end the others.
    """
    resource_tracker.ensure_running()  # starting it would unblock SIGINT in this thread
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
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
def _silent_dask() -> Iterator[None]:
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
def _own_environment() -> Iterator[None]:
    """Restore this process's environment, to which Dask's nannies add the workers' variables."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
