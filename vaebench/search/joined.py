"""A Dask cluster that runs already, on this machine or on others: joined, once all of it is found alike."""

import contextlib
import logging
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from vaebench.errors import InputError
from vaebench.search.local_workers import silent_dask
from vaebench.search.scheduler import connected
from vaebench.search.versions import RAN, WAY_OUT, alike, here, wrong

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger("vaebench")
WATCHED_SECONDS = 5
NAMED = 3
"""Most workers that a message names."""


class Sealed:
    """A call that is made where it is unpickled: function(*args), if that worker is like this process.

    Dask's scheduler and workers read a task when it arrives, and a worker that cannot, for want of vaebench, ends
    itself and counts as killed. Of `pickle.loads` and bytes they can, so it says what it wants.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[object, ...]) -> None:
        self._call = (alike, (here(), function, *args))

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        """Return the call."""
        return self._call


@contextmanager
def joined_client(address: str, say: Callable[[str], None]) -> Iterator["Client"]:
    """Yield a client of the cluster at `address`, that of its scheduler or of a scheduler file.

    Raises InputError if no scheduler answers there, or if it or a worker differs from this process.
    """
    from distributed.versions import VersionMismatchWarning

    with silent_dask(), warnings.catch_warnings():
        warnings.simplefilter("ignore", VersionMismatchWarning)  # here they are told in one line, if they matter
        say(f"looking for a Dask scheduler at {address}")
        with connected(address) as client:
            if told := unlike(client):
                raise InputError(f"the cluster at {address!r} cannot be used: {told}")
            count = slots(client)
            say(f"joined a cluster of {count} workers" if count else "joined a cluster, which has no workers yet")
            with _watched(client, count):
                yield client


def slots(client: "Client") -> int:
    """Return how many tasks run at a time."""
    return sum(client.nthreads().values())


def unlike(client: "Client") -> str:
    """Return in words what of a cluster differs from this process, and the way out; empty if nothing does."""
    expected, found = here(), []
    scheduler = client.run_on_scheduler(version, "distributed")  # it needs nothing else: it cannot read what is sent
    if scheduler != expected["distributed"]:
        found.append(f"the scheduler has distributed {scheduler}, not {expected['distributed']}")
    hosts = client.run(socket.gethostname, on_error="ignore")
    threads = client.nthreads()
    for worker, there in client.run(here, on_error="return").items():
        if isinstance(there, OSError):  # it has just gone; if it comes back, it is asked with its first task
            continue
        told = _no_vaebench(there) if isinstance(there, Exception) else wrong(there, expected, threads.get(worker, 1))
        if told:
            found.append(f"worker {worker} on {hosts.get(worker, '?')} has {told}")
    more = [f"{len(found) - NAMED} more"] if len(found) > NAMED else []
    return f"{', and '.join([*found[:NAMED], *more])}. {WAY_OUT}" if found else ""


def fetched(remote: "Future") -> Any:
    """Return the result of a task. If the scheduler is lost meanwhile, the client cancels the task once it notices."""
    from distributed.comm import CommClosedError

    while True:
        try:
            return remote.result()
        except CommClosedError:
            time.sleep(0.1)


def found_again(client: "Client") -> bool:
    """Wait for a scheduler that was lost, as long as the client looks for it; return whether it is there again."""
    while client.status == "connecting":
        time.sleep(0.1)
    return bool(client.status == "running")


@contextmanager
def _watched(client: "Client", workers: int) -> Iterator[None]:
    """Say so when the scheduler or the last worker is lost, and when one is there again: a run waits for them."""
    ended = threading.Event()

    def watch() -> None:
        before = "workers" if workers else "no workers"
        while not ended.wait(WATCHED_SECONDS):
            count, now = 0, "no scheduler"
            with contextlib.suppress(Exception):
                if client.status == "running":
                    count = slots(client)
                    now = "workers" if count else "no workers"
            if ended.is_set() or now == before:
                continue
            before = now
            if count:
                log.info("the cluster has %d workers now", count)
            else:
                log.warning("the cluster has %s any more: waiting for one", now)

    thread = threading.Thread(target=watch, name="vaebench-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def explained(client: "Client", error: Exception) -> Exception:
    """Return the error of a task: that of the cluster, if the task was not even read."""
    if isinstance(error, InputError | OSError) or RAN in getattr(error, "__notes__", ()):
        return error
    told = ""
    with contextlib.suppress(Exception):  # it has left since
        told = unlike(client)
    return InputError(f"the cluster cannot be used: {told or f'a worker has {_no_vaebench(error)}. {WAY_OUT}'}")


def _no_vaebench(error: Exception) -> str:
    said = re.sub(r"""^\w+\((["'])(.*)\1\)$""", r"\2", str(error))  # as Dask hands on what it could not unpickle
    return f"no vaebench, or another one ({said})"
