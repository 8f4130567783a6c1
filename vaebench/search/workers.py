"""The workers: this process, processes on this machine, or a Dask cluster.

All three are a plain `concurrent.futures.Executor`, so that the search does not depend on which it has. Only this
module, local_workers, joined, scheduler, versions and in_worker import dask.
"""

import contextlib
import logging
import math
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from contextlib import AbstractContextManager, contextmanager
from pickle import loads
from typing import TYPE_CHECKING, Any

from vaebench.errors import NoResult
from vaebench.files import own_cache
from vaebench.search.in_process import InProcess
from vaebench.search.in_worker import or_die
from vaebench.search.joined import Sealed, explained, fetched, found_again, joined_client, slots
from vaebench.search.local_workers import local_client

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger("vaebench")


def executor(
    workers: int,
    address: str | None = None,
    say: Callable[[str], None] = lambda what: None,
    counted: Callable[[int], None] = lambda count: None,
) -> AbstractContextManager[Executor]:
    """Start `workers` worker processes on this machine; 0 is this process; with `address`, join a cluster instead.

    `address` is that of a running Dask scheduler ("tcp://HOST:PORT"), or a scheduler file. `say` is called with each
    step, `counted` with the number of workers. Raises InputError if no cluster that can be used answers at `address`.
    """
    if address is not None:
        return _joined(address, say, counted)
    counted(workers)
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

    def __init__(self, client: "Client", workers: int, *, own: bool) -> None:
        """Send tasks through `client` to so many workers; `own` ones may be killed, since they are replaced."""
        self._client, self._own = client, own
        self.slots = workers or math.inf
        """How many tasks run at a time: many, as far as is known, in a cluster whose workers are still to come."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Send a task to the cluster."""
        from distributed.protocol.pickle import dumps

        future: Future[Any] = Future()
        self._send((or_die, fn, *args) if self._own else (loads, dumps(Sealed(fn, args))), future)
        return future

    def _send(self, task: tuple[Any, ...], future: "Future[Any]") -> None:
        from distributed import KilledWorker

        # Run tasks in the order of sending. By default Dask runs those sent within 0.1 s in any order.
        remote = self._client.submit(*task, pure=False, fifo_timeout=0)

        def finish(_: object) -> None:  # called in a Dask thread
            with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
                try:
                    future.set_result(remote.result() if self._own else fetched(remote))
                except CancelledError:
                    if not self._own and not future.cancelled() and found_again(self._client):
                        self._send(task, future)
                    else:
                        future.cancel()
                except KilledWorker as error:
                    times = error.allowed_failures + 1
                    future.set_exception(NoResult(f"its worker died {times} times (killed, or out of memory)"))
                except Exception as error:
                    future.set_exception(error if self._own else explained(self._client, error))

        def cancel(_: object) -> None:
            if future.cancelled() and not remote.cancelled():
                remote.cancel()

        future.add_done_callback(cancel)
        remote.add_done_callback(finish)


@contextmanager
def _local(workers: int, say: Callable[[str], None]) -> Iterator[Executor]:
    with local_client(workers, say) as client:
        yield _Remote(client, workers, own=True)


@contextmanager
def _joined(address: str, say: Callable[[str], None], counted: Callable[[int], None]) -> Iterator[Executor]:
    with joined_client(address, say) as client:
        counted(count := slots(client))
        yield _Remote(client, count, own=False)
