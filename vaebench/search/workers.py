"""The workers: in this process, on this machine, or on a Dask cluster. The only module that imports dask.

All three are a plain `concurrent.futures.Executor`, so that the study does not know which it has.
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
from vaebench.search.in_process import InProcess

if TYPE_CHECKING:
    from distributed import Client, Worker

MALLOC = str(512 * 2**20)
ENVIRONMENT = {
    # glibc's malloc: Dask's default of 64 KiB hands memory back to the system all the time and slows training 1.7 times
    "MALLOC_TRIM_THRESHOLD_": MALLOC,
    "MALLOC_MMAP_THRESHOLD_": MALLOC,
    # one thread a worker
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # TensorFlow greets on import otherwise
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
"""What a worker's environment holds before its process starts; the user's own variables win."""
ALLOWED_FAILURES = 3
"""Worker deaths after which a task counts as their cause and fails."""
CONNECT_SECONDS = 30


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def executor(
    workers: int, address: str | None = None, say: Callable[[str], None] = lambda what: None
) -> AbstractContextManager[Executor]:
    """Start `workers` worker processes on this machine; 0 evaluates in this process; `address` joins a cluster instead.

    `address` is that of a running Dask scheduler ("tcp://HOST:PORT") or a scheduler file; `say` hears of each step.
    Raises InputError where no scheduler answers there.
    """
    if address is not None:
        return _joined(address)
    return _local(workers, say) if workers else contextlib.nullcontext(InProcess())


class _Remote(Executor):
    """A Dask client as an executor.

    Dask's own `Client.get_executor()` takes the result of a task for an exception where its worker dies between ending
    the task and handing the result over; Dask's future runs the task once more.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Send a task to the cluster."""
        # In the order of sending: by default Dask runs what is sent within 0.1 s in any order.
        remote = self._client.submit(fn, *args, pure=False, fifo_timeout=0, **kwargs)
        future: Future[Any] = Future()

        def finish(_: object) -> None:  # runs in a thread of Dask's
            with contextlib.suppress(InvalidStateError):  # cancelled meanwhile
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
        "distributed.scheduler.worker-saturation": 1.0,  # no queue at a worker: its death is no other task's failure
        "distributed.admin.low-level-log-length": 0,
        "distributed.worker.profile.enabled": False,  # it looks at every thread a hundred times a second
    }
    with (
        _silent_dask(),
        _own_environment(),
        tempfile.TemporaryDirectory(prefix="vaebench-") as scratch,
        dask.config.set(settings),
        contextlib.ExitStack() as stack,
    ):
        with _ctrl_c_is_ours(), _start_explained():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # of its status server, which is always there
                silence_logs=logging.CRITICAL,
                memory_limit=0,  # else a worker over its share is paused for good
                local_directory=scratch,
            )
            client = stack.enter_context(stack.enter_context(cluster).get_client())
        # fewer leave room for others, whose workers would sit on the same first cores
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
        except Exception as error:  # Dask raises whatever it stumbles over in an address or file
            raise InputError(f"no Dask scheduler answers at {address!r}: {type(error).__name__}: {error}") from None
        with client:
            yield _Remote(client)


def _load_everywhere(client: "Client") -> None:
    """Let every worker load TensorFlow, and wait for it: nothing else could run there meanwhile."""
    from distributed import wait

    workers = client.scheduler_info(n_workers=-1)["workers"]
    wait([client.submit(_load_tensorflow, workers=[worker], pure=False) for worker in workers])


def _load_tensorflow() -> None:
    import vaebench.engine.tf_setup  # noqa: F401


def _pin_plugin(cores: list[int]) -> Any:
    from distributed import WorkerPlugin

    class Pin(WorkerPlugin):  # type: ignore[misc]
        """Pins a worker to a core of its own before TensorFlow starts, which sizes its pools by the cores it may use.

        A worker that is started again runs it again.
        """

        def setup(self, worker: "Worker") -> None:
            os.sched_setaffinity(0, {cores[int(worker.name) % len(cores)]})

    return Pin()


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Block SIGINT while the cluster starts: its threads, and the workers they start now and later, inherit that.

    A terminal sends Ctrl-C to every process of the group; it is this one that ends the others.
    """
    resource_tracker.ensure_running()  # it unblocks SIGINT in the thread that starts it
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
    """Keep Dask's log lines from the user's terminal: that a dead worker is started again is no news to users."""
    import distributed  # noqa: F401  # it sets the levels of its loggers on import

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
    """Take the workers' environment, which Dask's nannies put into this process's, out of it again."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
