"""MLflow's store and a quiet client for it. MLflow takes seconds to import, so functions import it when called."""

import fcntl
import logging
import os
import random
import re
import shlex
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from vaebench.files import within
from vaebench.tracking.empty_database import create

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # the current folder has nothing to do with a model's requirements
    # By default each call retries for four minutes with a dead server, for 16 with one that hangs: here for 1 s and
    # 21 s. A missed run is written later anyway.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Environment variables that are set unless the user has set them."""
DESCRIPTION = "mlflow.note.content"
"""The tag that the UI shows as a description, as Markdown."""


def tracking_uri(home: Path) -> str:
    """Return MLFLOW_TRACKING_URI if it is set, else the address of the SQLite database of `home`."""
    return elsewhere() or f"sqlite:///{database(home)}"


def elsewhere() -> str | None:
    """Return MLFLOW_TRACKING_URI; None if it is not set and the embedded store is used."""
    return os.environ.get("MLFLOW_TRACKING_URI") or None


def database(home: Path) -> Path:
    """Return the database file of the embedded store."""
    return within(home, home.absolute() / "mlflow.db")


def store_id(home: Path) -> str | None:
    """Return what tells a store from another one at its place: its address, and the number that `open_client` gave it.

    Of a store elsewhere only the address is known. None if the database is missing or cannot be read.
    """
    if elsewhere() is not None:
        return tracking_uri(home)
    try:
        # as if nobody could change it: looking at a write-ahead log would leave files beside it
        with closing(sqlite3.connect(f"{database(home).as_uri()}?immutable=1", uri=True)) as connection:
            return f"{tracking_uri(home)} {connection.execute('PRAGMA user_version').fetchone()[0]}"
    except sqlite3.Error:
        return None


def artifact_root(home: Path) -> Path:
    """Return the folder of artifacts. A tracking server has its own instead."""
    return within(home, home.absolute() / "artifacts")


def import_mlflow() -> Any:
    """Import mlflow without telemetry, log lines or warnings on the user's terminal, and return it."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import mlflow

    # Set at every call: importing mlflow, or the filters of a test, restore the defaults.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it logs tracebacks of what it also raises
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    for module in (r"mlflow\b", r"alembic\b", r"sqlalchemy\b"):
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=module)
    return mlflow


def open_client(home: Path) -> Any:
    """Return an MlflowClient for the store of `home`. Its database is created if it is missing."""
    mlflow = import_mlflow()
    uri = tracking_uri(home)
    if elsewhere() is None:
        home.mkdir(parents=True, exist_ok=True)
        with alone(home):
            if not database(home).exists():
                _create(home)
        with closing(sqlite3.connect(database(home))) as connection:
            # With a write-ahead log the UI can read while the search writes. The file keeps the setting.
            connection.execute("PRAGMA journal_mode=WAL")
            if connection.execute("PRAGMA user_version").fetchone() == (0,):
                connection.execute(f"PRAGMA user_version={random.SystemRandom().randrange(1, 2**31)}")
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=None if elsewhere() else uri)


@contextmanager
def own_connections() -> Iterator[None]:
    """Let commits to SQLite in this process not wait for the disk, and close what MLflow opened at the end.

    With a write-ahead log, a power cut takes the last commits and no more. The record has them.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    opened: list[sqlite3.Connection] = []

    def begin(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=NORMAL")
            opened.append(connection)

    event.listen(Engine, "connect", begin)
    try:
        yield
    finally:
        event.remove(Engine, "connect", begin)
        for connection in opened:
            with suppress(sqlite3.Error):
                connection.close()


@contextmanager
def default_store(home: Path) -> Iterator[None]:
    """Make the store of `home` MLflow's default for a while: where a model is registered, MLflow looks it up there."""
    if elsewhere() is not None:  # it is the default already
        yield
        return
    mlflow = import_mlflow()
    mlflow.set_tracking_uri(tracking_uri(home))
    try:
        yield
    finally:
        mlflow.set_tracking_uri(None)


def _create(home: Path) -> None:
    """Create the database, whole or not at all: MLflow cannot open one in whose making it was interrupted."""
    part = database(home).with_name(".mlflow.db.part")
    _remove(part)
    try:
        create(part, artifact_root(home))
        part.rename(database(home))
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Wait until no other process makes or repairs the store of `home`."""
    descriptor = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def store_errors() -> tuple[type[Exception], ...]:
    """Return what a store raises if it is down, full, locked, of another MLflow version, or lacks its driver."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, sqlite3.Error, OSError, ImportError


def complaint(home: Path, study: str, error: Exception) -> str:
    """Return one line that says that the store failed, without the password that its address may contain."""
    lines = str(error).splitlines() or [""]
    first = next((line for line in lines if "Error) " in line), lines[0])  # SQLAlchemy may say something else before
    if cause := re.search(r"Caused by \w+\([\"'](.*)[\"']\)", first):  # what a request failed of is at its very end
        first = cause[1].rpartition(": ")[2]
    said = f"MLflow at {tracking_uri(home)} is not up to date ({type(error).__name__}: {first[:200]})"
    return re.sub(r"//[^/@ ]*@", "//", said) + (
        f"; the study itself is safe, and `vaebench sync {shlex.quote(study)}` adds what is missing there"
    )
