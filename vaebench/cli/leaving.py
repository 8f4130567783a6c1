"""Leaving after Ctrl-C, SIGTERM or SIGHUP: in time, whatever the program waits for, and at once when asked twice."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from vaebench.search.interrupts import SIGNALS

SECONDS = 8
"""How long a run may take to end; then it is left, which loses no more than a kill does."""
KEPT = "what is finished is kept, and the same command goes on from here"


@contextmanager
def leaving_in_time() -> Iterator[None]:
    """Leave SECONDS after the first signal in the block, and at once after a second SIGINT.

    Python runs a signal's handler between two of its instructions only, and a fit is one. So a thread waits here for
    the number of each signal, which is written to a pipe at once. In another than the main thread, does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(reading,), name="vaebench-leaving", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)


def _wait(reading: int) -> None:
    asked = 0
    while number := os.read(reading, 1):
        if number[0] not in SIGNALS:
            continue
        if asked and number[0] == signal.SIGINT:
            _leave(asked)
        if not asked:
            asked = number[0]
            say("stopping" + (" (Ctrl-C again leaves at once)" if asked == signal.SIGINT else ""))
            timer = threading.Timer(SECONDS, _leave, [asked])
            timer.daemon = True
            timer.start()
    os.close(reading)


def _leave(number: int) -> None:
    say(f"stopped; {KEPT}")
    os._exit(128 + number)


def say(what: str) -> None:
    """Print a line on standard error, if it is still there."""
    with suppress(OSError):  # the terminal is gone
        click.echo(what, err=True)
