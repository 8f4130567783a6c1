"""Lets the kernel refuse a system call, as some file systems do."""

import ctypes
import struct
from collections.abc import Callable

from in_thread import in_thread

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
FLOCK = {"x86_64": 73, "aarch64": 32}
"""The number of flock, by machine."""


def refused(number: int, error: int, call: Callable[[], object]) -> None:
    """Call a function whose system calls of this `number` fail with `error`; what it raises is raised here.

    In a thread of its own: a filter (seccomp(2)) is a thread's, and is never taken off.
    """
    steps = [(LOAD, 0, 0, 0), (EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | error), (RETURN, 0, 0, ALLOW)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    def run() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        told = ctypes.byref(Filter(len(steps), ctypes.cast(program, ctypes.c_void_p)))
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, told):
            raise OSError(ctypes.get_errno(), "seccomp")
        call()

    in_thread(run)
