"""What stands around a task in a worker process: a limit on its time, and an end of the process without memory."""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from vaebench.errors import PASSING, NoResult
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate

T = TypeVar("T")

DYING = 2.0
"""Seconds until a worker whose task took too long is killed: by then the scheduler knows that the task failed."""


def in_time(minutes: float, function: Callable[..., Any], *args: object) -> Any:
    """Return function(*args). Raises NoResult after so many minutes; the worker process is then replaced.

    In a process that is no worker, and so cannot be replaced, there is no limit.
    """
    from distributed import Status, get_worker

    try:
        worker = get_worker()
    except ValueError:
        return function(*args)
    outcome: Future[Any] = Future()

    def work() -> None:
        try:
            outcome.set_result(function(*args))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, name="vaebench-trial", daemon=True).start()
    try:
        return outcome.result(minutes * 60)
    except TimeoutError:
        if outcome.done():  # it is the function's own
            raise
    # A thread cannot be ended, so its process has to be: without a handler SIGALRM ends it, whatever it is doing.
    worker.loop.add_callback(setattr, worker, "status", Status.paused)  # it gets no further task
    signal.setitimer(signal.ITIMER_REAL, DYING)
    raise NoResult(f"it took longer than trial_minutes = {minutes:g} and was stopped")


def each(function: Callable[..., T], first: object, replicates: Sequence[Replicate]) -> list[T | Result]:
    """Return function(first, replicate) for each replicate. Where it raises, a failed result with the reason."""

    def outcome(replicate: Replicate) -> T | Result:
        started = time.time()
        try:
            return function(first, replicate)
        except PASSING:
            raise
        except Exception as error:  # whatever it is, only this trial fails
            reason = f"{type(error).__name__}: {error}"
            return Result(reason=reason, started=started, seconds=time.time() - started)

    return [outcome(replicate) for replicate in replicates]


def or_die(function: Callable[..., Any], *args: object) -> Any:
    """Return function(*args). Without memory for it, kill the worker: a new one, with all its memory, tries again."""
    try:
        return function(*args)
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)
        raise
