"""Repairs the embedded store: a damaged database is set aside, a home that was moved finds its artifacts again.

Uses SQLite alone, since importing MLflow takes seconds. MLflow is a projection of the records, so that a new database
is written in full by the next `sync` of each study.
"""

import logging
import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vaebench.tracking.store import alone, artifact_root, database, elsewhere

log = logging.getLogger("vaebench")

PLACES = ("artifact_location", "artifact_uri", "source", "storage_location")
"""Columns in which MLflow keeps absolute addresses of artifacts: of experiments, runs, models and their versions."""
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def repair(home: Path, *, thorough: bool = False) -> None:
    """Set a damaged database aside, or follow a moved home, and say so. Call it before MLflow has opened the store.

    A truncated file is noticed at once, other damage only by a `thorough` look at all of it. Does nothing if the store
    is elsewhere, or if the database is missing, locked or may not be written.
    """
    if elsewhere() is not None or not database(home).exists():
        return
    with suppress(sqlite3.Error, OSError), alone(home):  # whoever opens the store says so
        if _is_damaged(home, thorough=thorough):
            _set_aside(home)
        else:
            _follow(home)


def _is_damaged(home: Path, *, thorough: bool) -> bool:
    try:
        with closing(sqlite3.connect(database(home))) as connection:
            # Fails if the file is truncated. What it counts are traces of a change of the tables that was interrupted.
            interrupted = "SELECT count(*) FROM sqlite_master WHERE name LIKE '#_alembic#_tmp#_%' ESCAPE '#'"
            if connection.execute(interrupted).fetchone() != (0,):
                return True
            return thorough and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in DAMAGED:
            return True
        raise


def _set_aside(home: Path) -> None:
    """Rename the database and what belongs to it, which SQLite would take for that of a new one."""
    kept = database(home).with_name(f"mlflow.damaged-{time.strftime('%Y%m%d-%H%M%S')}.db")
    for suffix in ("-wal", "-shm", ""):
        part = database(home).with_name(f"{database(home).name}{suffix}")
        if part.exists():
            part.rename(kept.with_name(f"{kept.name}{suffix}"))
    log.warning(
        "%s was damaged: it is kept as %s; the next run of a study, or `vaebench sync STUDY`, writes a new one",
        database(home),
        kept.name,
    )


def _follow(home: Path) -> None:
    """Let MLflow look for artifacts where the home is now, if it was moved or copied."""
    new = artifact_root(home)
    with closing(sqlite3.connect(database(home))) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        if ("experiments",) not in tables:
            return
        locations = connection.execute("SELECT name, experiment_id, artifact_location FROM experiments").fetchall()
        roots = {_root(location or "", *map(str, endings)) for *endings, location in locations} - {""}
        olds = {root for root in roots if not _same(root, new)}
        for old in olds:
            with connection:
                for (table,) in tables:
                    for _, column, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
                        if column in PLACES:
                            connection.execute(
                                f'UPDATE "{table}" SET "{column}" = ? || substr("{column}", ?) '
                                f'WHERE substr("{column}", 1, ?) = ?',
                                (f"{new.as_uri()}/", len(old) + 2, len(old) + 1, f"{old}/"),
                            )
            log.info("%s was moved from %s: MLflow finds its artifacts here again", home, Path(_path(old)).parent)


def _root(location: str, *endings: str) -> str:
    """Return the address of the folder of artifacts that an experiment was made in; empty if it is not a home's."""
    for ending in endings:
        folder = (Path("/artifacts") / ending).as_uri().removeprefix("file://")
        if location.startswith("file:") and location.endswith(folder):
            return location.removesuffix(folder) + "/artifacts"
    return ""


def _path(address: str) -> str:
    return unquote(urlsplit(address).path)


def _same(old: str, new: Path) -> bool:
    """Return whether both are one folder, which may have several names."""
    return old == new.as_uri() or (new.exists() and os.path.exists(_path(old)) and new.samefile(_path(old)))
