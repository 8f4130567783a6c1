"""The store: where MLflow keeps runs, and a quiet client on it. MLflow, which takes seconds, is imported inside."""

import logging
import os
import re
import sqlite3
import warnings
from pathlib import Path
from typing import Any

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # what stands in the current folder is no business of a model's requirements
    # By default a server that is down costs each call four minutes of retries. A missed run is projected later anyway.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
"""Environment variables that hold unless the user has set them."""


def tracking_uri(home: Path) -> str:
    """Return MLFLOW_TRACKING_URI where it is set, else the SQLite database of `home`, by its absolute path."""
    return elsewhere() or f"sqlite:///{database(home)}"


def elsewhere() -> str | None:
    """Return MLFLOW_TRACKING_URI; None where it is not set, so that the embedded store of a home is used."""
    return os.environ.get("MLFLOW_TRACKING_URI") or None


def database(home: Path) -> Path:
    """Return the embedded store's database."""
    return home.absolute() / "mlflow.db"


def artifact_root(home: Path) -> Path:
    """Return the folder of artifacts, for every store but a server, which has its own."""
    return home.absolute() / "artifacts"


def import_mlflow() -> Any:
    """Import mlflow without telemetry, log lines or warnings on the user's terminal, and return it."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    import mlflow

    # Set each time: importing mlflow, or a test's own filters, puts the defaults back.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    for module in (r"mlflow\b", r"alembic\b", r"sqlalchemy\b"):
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=module)
    return mlflow


def open_client(home: Path) -> Any:
    """Return an MlflowClient on the store of `home`, whose database is created where there is none yet."""
    mlflow = import_mlflow()
    uri = tracking_uri(home)
    if elsewhere() is None:
        home.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(database(home))
        # With a write-ahead log the UI reads while the search writes. The setting stays in the file.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=None if elsewhere() else uri)


def store_errors() -> tuple[type[Exception], ...]:
    """Return what a store may raise: it is down, full, locked, of another MLflow, or its driver is missing."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, sqlite3.Error, OSError, ImportError


def complaint(home: Path, error: Exception) -> str:
    """Say in one line that the store failed, without the password that its address may hold."""
    first = next(iter(str(error).splitlines()), "")
    said = f"MLflow at {tracking_uri(home)} is not up to date ({type(error).__name__}: {first[:200]})"
    return re.sub(r"//[^/@ ]*@", "//", said) + "; the study itself is safe"
