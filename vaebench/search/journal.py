"""Optuna's journal file: opened quietly, a torn last line cut off, any other damage refused with the way out."""

import contextlib
import json
import logging
import os
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from vaebench.errors import InputError

log = logging.getLogger("vaebench")
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, AssertionError)
"""What Optuna, or reading what it stored, makes of a wrong line."""


def quiet_optuna() -> None:
    """Silence Optuna's log lines, and its deprecation warning about an option that samplers.py uses."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", "`prior_weight` has been deprecated", FutureWarning)


def open_journal(path: Path, *, writing: bool) -> JournalStorage:
    """Open the journal at `path`. Only the holder of the study's lock may write.

    A full disk or a kill in the middle of a write leaves a torn last line, which would spoil the next write. So a
    writer cuts it off; a reader skips it. Raises InputError where another line is damaged.
    """
    quiet_optuna()
    if writing:
        cut_torn_line(path)
    journal = _Journal(path)
    try:
        storage = JournalStorage(journal)
        with path.open("rb") as file:
            last, _ = _end(file)
        if last:
            json.loads(last)  # Optuna skips it, and the next line would be written behind it
        return storage
    except UNREADABLE as error:
        raise damaged(path, error, journal.line(error)) from None


def damaged(path: Path, error: Exception, line: int | None = None) -> InputError:
    """Return the refusal of a record, damaged at a `line` counted from 1 where that is known, with the ways out."""
    said = f"{path}: the record is damaged ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
    if line is None:
        return InputError(f"{said}: restore a copy of it, or start the study over with --fresh")
    lines = path.read_bytes().split(b"\n")
    whole = sum(b'"op_code":4,' in before for before in lines[: line - 1])
    return InputError(
        f"{said} in line {line} of {len(lines) - 1}; the {whole} trials before it are whole. Restore a copy of it; or "
        "keep what is before the damage, and the next run evaluates the other trials again: "
        f"cp {path} {path}.damaged && head -n {line - 1} {path}.damaged > {path}; or start the study over with --fresh"
    )


class _Journal(JournalFileBackend):
    """Optuna's file backend, which knows the line it has come to.

    The study's lock keeps other writers out, so Optuna's own, which a killed process leaves behind, is not needed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _HeldAlready(str(path)))
        self._path, self._read = path, 0

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        for self._read, entry in enumerate(super().read_logs(log_number_from), log_number_from + 1):
            yield entry

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append, or leave the file as it was and raise OSError: the disk is full, say."""
        size = os.stat(self._path).st_size
        try:
            super().append_logs(logs)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.truncate(self._path, size)
            raise OSError(
                f"{self._path}: the record cannot be written ({error.strerror}); what is finished is kept, "
                "and the same command goes on from here"
            ) from None

    def line(self, error: Exception) -> int:
        """Return the number of the line that gave `error` while reading; a line that is no JSON was not counted."""
        return self._read + isinstance(error, (json.JSONDecodeError, UnicodeDecodeError))


class _HeldAlready(JournalFileOpenLock):
    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return


def cut_torn_line(path: Path) -> None:
    """Truncate the file at `path` after its last newline; create it if it is missing.

    What is cut off is kept in a file beside it. Nothing is lost: the write of a torn line never returned.
    """
    with path.open("ab+") as file:
        _, torn = _end(file)
        if not torn:
            return
        kept = path.with_name(f"{path.name}.cut")
        with kept.open("ab") as cut:
            cut.write(torn + b"\n")
        file.truncate(file.seek(0, os.SEEK_END) - len(torn))
    log.warning("%s: its last line was torn by a kill or a full disk; the piece is kept in %s", path, kept.name)


def _end(file: BinaryIO) -> tuple[bytes, bytes]:
    """Return the last whole line of a file, and what stands behind it: nothing, or a torn line."""
    blocks: list[bytes] = []
    start = file.seek(0, os.SEEK_END)
    while start and sum(block.count(b"\n") for block in blocks) < 2:
        stop, start = start, max(0, start - 65536)
        file.seek(start)
        blocks.insert(0, file.read(stop - start))
    whole, _, torn = b"".join(blocks).rpartition(b"\n")
    return whole.rpartition(b"\n")[2], torn
