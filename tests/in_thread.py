"""Runs a call in a thread of its own, for what is a thread's: capabilities, and filters of system calls."""

import threading
from collections.abc import Callable


def in_thread(call: Callable[[], object]) -> None:
    """Run `call` in a thread and wait for it; what it raises is raised here."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
