"""Writes a journal of Optuna's: whole lines or none, and a torn last line cut off."""

import contextlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

log = logging.getLogger("vaebench")


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Append a line to the journal at `path`: on disk when this returns. Only the holder of the study's lock may.

    If that fails, a disk being full, say, leave the file as it was and raise OSError.
    """
    size = path.stat().st_size
    try:
        with path.open("ab") as file:
            file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            os.truncate(path, size)
        raise OSError(
            f"{path}: the record cannot be written ({error.strerror}); what is finished is kept, "
            "and the same command goes on from here"
        ) from None


def cut_torn_line(path: Path) -> None:
    """Truncate the file at `path` after its last newline; create it if it is missing.

    A torn last line would spoil the next write. What is cut off is kept in a file beside it. Nothing is lost: the write
    of a torn line never returned.
    """
    with path.open("ab+") as file:
        torn = _behind_the_last_line(file)
        if not torn:
            return
        kept = path.with_name(f"{path.name}.cut")
        with kept.open("ab") as cut:
            cut.write(torn + b"\n")
        file.truncate(file.seek(0, os.SEEK_END) - len(torn))
    log.warning("%s: its last line was torn by a kill or a full disk; the piece is kept in %s", path, kept.name)


def _behind_the_last_line(file: BinaryIO) -> bytes:
    """Return what stands behind a file's last newline: nothing, or a torn line."""
    blocks: list[bytes] = []
    start = file.seek(0, os.SEEK_END)
    while start and b"\n" not in b"".join(blocks[:1]):
        stop, start = start, max(0, start - 65536)
        file.seek(start)
        blocks.insert(0, file.read(stop - start))
    return b"".join(blocks).rpartition(b"\n")[2]
