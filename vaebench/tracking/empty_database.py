"""MLflow's database when it is new. Its migrations take a second of processor time, so one is kept for all homes."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from vaebench.files import own_cache, write_whole


def create(path: Path, root: Path) -> None:
    """Create a new database at `path` with its artifacts below `root`: a copy of the one kept for this MLflow.

    Where none can be kept, or what is kept is damaged, make it from nothing.
    """
    try:
        shutil.copyfile(kept := _kept(), path)
        try:
            _move(path, root)
        except Exception:
            kept.unlink()
            raise
    except Exception:  # a full or forbidden cache is no reason to have no database
        path.unlink(missing_ok=True)
        _make(path, root)


def _kept() -> Path:
    """Return the database that is kept; make it if there is none."""
    from mlflow import __version__

    path = own_cache("mlflow") / f"{__version__}.db"
    if not path.exists():
        write_whole(path, lambda part: _make(part, path.parent))
    return path


def _make(path: Path, root: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(f"sqlite:///{path}", root.as_uri()).engine.dispose()


def _move(path: Path, root: Path) -> None:
    """Let the one experiment of a new database, MLflow's own, be of now and below `root`. Raises if it is damaged."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise ValueError(f"{path} is damaged")
        now = int(time.time() * 1000)
        changed = connection.execute(
            "UPDATE experiments"
            " SET artifact_location = ? || '/' || experiment_id, creation_time = ?, last_update_time = ?",
            (root.as_uri(), now, now),
        )
        if changed.rowcount != 1:
            raise ValueError(f"{path} is not new")
