"""Where records are: in files of a home, or in a database that several hosts share (VAEBENCH_STORAGE)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from vaebench.errors import InputError, unknown
from vaebench.files import storage_address
from vaebench.search.replay import Line, Replayed


class Journal(Protocol):
    """The record of one study, in the lines of Optuna's journal whatever keeps them. It need not exist."""

    where: str
    """Names it in messages."""

    def replay(self, trial: Callable[[Line], None] | None = None) -> Replayed:
        """Return what the record says, and call `trial` with each trial.

        Without `trial`, trials are only counted. Raises InputError if it is damaged or of a later version.
        """

    def prepare(self) -> None:
        """Make it ready to be written to."""

    def append(self, operation: int, content: Line) -> None:
        """Write a line, whole or not at all: kept when this returns. Raises OSError if that fails."""

    def damaged(self, error: Exception) -> InputError:
        """Return the refusal of a record that says what it cannot mean."""


class Storage(Protocol):
    """Where the records of many studies are."""

    where: str
    """Names it in messages, without a password."""

    def names(self) -> list[str]:
        """Return the names of the studies that were run, sorted."""

    def journal(self, name: str) -> Journal:
        """Return the record of the study called `name`."""

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold the study's lock, which its holder's death frees: for all that writes its record or what MLflow has.

        Raises InputError if another process has it, and says which.
        """

    def ids(self, name: str) -> dict[str, str] | None:
        """Return the study's and its owner's ids in MLflow, if the record has them; a home's file keeps them else."""

    def discard(self, name: str, ids: dict[str, str] | None) -> None:
        """Delete the record of a study. The next of its name has `ids`."""


def storage_at(home: Path) -> Storage:
    """Return where the records of `home` are."""
    if (address := storage_address()) is None:
        from vaebench.search.file_storage import FileStorage

        return FileStorage(home)
    from vaebench.search.database import database

    return database(address)


def existing_study(home: Path, name: str) -> Storage:
    """Return where the record of the study called `name` is. Raises InputError, with the known names, if nowhere."""
    storage = storage_at(home)
    if name not in (names := storage.names()):
        raise InputError(f"{storage.where}: {unknown('study', name, names)}")
    return storage
