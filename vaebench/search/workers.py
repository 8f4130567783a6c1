"""The workers: this process, processes on this machine, or a Dask cluster.

All three are a plain `concurrent.futures.Executor`, so that the search does not depend on which it has. Only this
module, local_workers and in_worker import dask.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from vaebench.errors import InputError, NoResult
from vaebench.files import own_cache
from vaebench.search.in_process import InProcess
from vaebench.search.in_worker import or_die
from vaebench.search.local_workers import local_client, silent_dask

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger("vaebench")
CONNECT_SECONDS = 30


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

    def __init__(self, client: "Client", *, own: bool) -> None:
        """Send tasks through `client`; `own` workers may be killed, since they are replaced."""
        self._client, self._own = client, own

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Send a task to the cluster."""
        from distributed import KilledWorker

        task = (or_die, fn) if self._own else (fn,)
        # Run tasks in the order of sending. By default Dask runs those sent within 0.1 s in any order.
        remote = self._client.submit(*task, *args, pure=False, fifo_timeout=0, **kwargs)
        future: Future[Any] = Future()

        def finish(_: object) -> None:  # called in a Dask thread
            with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
                try:
                    future.set_result(remote.result())
                except CancelledError:
                    future.cancel()
                except KilledWorker as error:
                    times = error.allowed_failures + 1
                    future.set_exception(NoResult(f"its worker died {times} times (killed, or out of memory)"))
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
    with local_client(workers, say) as client:
        yield _Remote(client, own=True)


@contextmanager
def _joined(address: str) -> Iterator[Executor]:
    from distributed import Client

    if address.endswith(".json") and not os.path.exists(address):
        raise InputError(f"scheduler file {address!r} does not exist")
    where = {"scheduler_file": address} if os.path.exists(address) else {"address": address}
    with silent_dask():
        try:
            client = Client(**where, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception as error:  # a wrong address or file makes Dask raise anything
            raise InputError(f"no Dask scheduler answers at {address!r}: {type(error).__name__}: {error}") from None
        with client:
            yield _Remote(client, own=False)
