"""After a signal a command leaves in time, whatever it waits for, at once when asked twice, and says how to go on."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vaebench.search.interrupts import interruptible

FIT = """
import hashlib, signal, sys
from vaebench.cli import leaving
from vaebench.search.interrupts import interruptible

leaving.SECONDS = float(sys.argv[1])
with leaving.leaving_in_time(), interruptible():
    said = False
    while True:
        try:
            if not said:
                said = True
                print("fitting", flush=True)
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
        except KeyboardInterrupt:  # it came before
            pass
"""
"""Half an hour in one instruction, as a fit is."""
KEPT = "stopped; what is finished is kept, and the same command goes on from here\n"


@contextmanager
def fitting(seconds: float) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", FIT, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "fitting\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_what_waits_for_a_fit_in_time(number: int) -> None:
    with fitting(0.5) as process:
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    again = " (Ctrl-C again leaves at once)" if number == signal.SIGINT else ""
    assert (process.returncode, said) == (128 + number, f"stopping{again}\n{KEPT}")


def test_a_second_ctrl_c_leaves_at_once() -> None:
    with fitting(3600) as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "stopping (Ctrl-C again leaves at once)\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == KEPT
    assert process.returncode == 130


def interrupted_twice(number: signal.Signals) -> None:
    with interruptible():
        try:
            signal.raise_signal(number)
        finally:  # while the run is ending
            signal.raise_signal(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_raised_once_and_then_means_what_it_meant_before(number: signal.Signals) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda number, _: heard.append(number))
    try:
        with pytest.raises(KeyboardInterrupt) as raised:
            interrupted_twice(number)
        assert getattr(raised.value, "number", signal.SIGINT) == number
        assert heard == [number]
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_is_ignored_stays_so(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)  # as nohup does, and a shell for what runs in the background
    try:
        with interruptible():
            signal.raise_signal(number)
            assert signal.getsignal(number) == signal.SIG_IGN
    finally:
        signal.signal(number, before)
