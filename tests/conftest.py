"""Settings that all tests share."""

import os
import signal
import threading

import pytest

import vaebench.tf_setup  # noqa: F401 - TensorFlow, quiet, before any test imports it

os.environ.pop("VAEBENCH_STORAGE", None)  # the user's own records are no place for tests

if threading.current_thread() is threading.main_thread():
    # The processes that tests start would not hear these either: in a shell's background, and under nohup.
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that hold a slow test first, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
