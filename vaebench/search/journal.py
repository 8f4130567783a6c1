"""Optuna's journal file: opened quietly, with a torn last line cut off."""

import warnings
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

GRACE_PERIOD = 5
"""Seconds after which the journal lock of a killed process is removed."""


def quiet_optuna() -> None:
    """Silence Optuna's log lines, and its deprecation warning about an option that samplers.py uses."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", "`prior_weight` has been deprecated", FutureWarning)


def open_journal(path: Path, *, writing: bool) -> JournalStorage:
    """Open the journal at `path`. Only the holder of the study's lock may write.

    A full disk or a kill in the middle of a write leaves a torn last line, which would spoil the next write. So a
    writer cuts it off; a reader skips it.
    """
    quiet_optuna()
    if writing:
        cut_torn_line(path)
    return JournalStorage(JournalFileBackend(str(path), JournalFileOpenLock(str(path), grace_period=GRACE_PERIOD)))


def cut_torn_line(path: Path) -> None:
    """Truncate the file at `path` after its last newline; create it if it is missing."""
    with path.open("ab+") as file:
        end = file.tell()
        while end:
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            end = start + newline + 1
            if newline >= 0:
                break
        file.truncate(end)
