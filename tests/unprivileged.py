"""Runs what is refused for want of permission, for the superuser as well, whom no file's mode stops."""

import ctypes
import os
from collections.abc import Callable

from in_thread import in_thread

LINUX_CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
"""What lets the superuser read and write against a file's mode (capabilities(7))."""


def unprivileged(call: Callable[[], object]) -> None:
    """Call a function bound by the modes of files; what it raises is raised here.

    In a thread of its own: capabilities are a thread's, and those that were given up do not come back.
    """

    def run() -> None:
        if os.geteuid() == 0:
            _give_up(CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)
        call()

    in_thread(run)


def _give_up(*capabilities: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    sets = (
        ctypes.c_uint32 * 6
    )()  # effective, permitted, inheritable: of the first 32 capabilities, then of the others
    if libc.capget(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    for capability in capabilities:
        sets[0] &= ~(1 << capability)
        sets[1] &= ~(1 << capability)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
