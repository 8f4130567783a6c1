"""The signals that end a run: SIGINT (Ctrl-C), SIGTERM, and SIGHUP (a closed terminal)."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """Another signal than SIGINT asks the run to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Make the first of SIGNALS raise KeyboardInterrupt in the block; a second one does what it did before the block.

    A signal that is ignored stays so: SIGHUP under nohup, SIGINT in a shell's background. Does nothing in a thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, _: FrameType | None) -> None:
        restore()
        raise KeyboardInterrupt if number == signal.SIGINT else Interrupted(number)

    def restore() -> None:
        for one, handler in before.items():
            signal.signal(one, handler)

    before = {one: handler for one in SIGNALS if (handler := signal.getsignal(one)) not in (signal.SIG_IGN, None)}
    for one in before:
        signal.signal(one, interrupt)
    try:
        yield
    finally:
        restore()
