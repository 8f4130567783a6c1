"""Records as files of a home: each a journal of Optuna's, with a lock file beside it."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from uuid import uuid4

from vaebench.errors import InputError
from vaebench.files import JOURNAL, study_folder, study_names
from vaebench.search.journal import append, cut_torn_line
from vaebench.search.lock import lock
from vaebench.search.replay import Line, Replayed, check_format, damaged, replay


class FileJournal:
    """The record of one study, in a file."""

    def __init__(self, path: Path, name: str) -> None:
        self.where, self._path, self._name, self._writer = str(path), path, name, str(uuid4())

    def replay(self, trial: Callable[[Line], None] | None = None) -> Replayed:
        """Read the file."""
        if not self._path.exists():
            return Replayed()
        check_format(self.where, _format(self._path))
        return replay(self._path, self._name, trial)

    def prepare(self) -> None:
        """Cut a torn last line off; create the file if it is missing."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        cut_torn_line(self._path)

    def append(self, operation: int, content: Line) -> None:
        """Write a line."""
        append(self._path, {"op_code": operation, "worker_id": self._writer, **content})

    def damaged(self, error: Exception) -> InputError:
        """Return the refusal, with the ways out."""
        return damaged(self._path, error)


def _format(path: Path) -> int:
    """Return the number of the format, looked for before any line is parsed: this version may not know them."""
    if not path.stat().st_size:
        return 0
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return max(map(int, re.findall(rb'"user_attr":\{"format":(\d+)\}', content)), default=0)


class FileStorage:
    """The records of a home."""

    def __init__(self, home: Path) -> None:
        self.where, self._home = str(home), home

    def names(self) -> list[str]:
        """Return the names of the studies that have a file."""
        return study_names(self._home)

    def journal(self, name: str) -> FileJournal:
        """Return the study's file, which need not exist."""
        return FileJournal(study_folder(self._home, name) / JOURNAL, name)

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock of the study's folder."""
        return lock(self._home, name)

    def ids(self, name: str) -> None:
        """Return None: the file beside the record keeps them."""

    def discard(self, name: str, ids: dict[str, str] | None) -> None:
        """Delete the study's file."""
        (study_folder(self._home, name) / JOURNAL).unlink(missing_ok=True)
