"""The command that serves the MLflow UI on the right store, and the address of a study's page."""

import os
import shlex
import sys
from pathlib import Path

from vaebench.tracking.experiment import VIEW
from vaebench.tracking.ids import read_ids
from vaebench.tracking.store import SETTINGS, artifact_root, elsewhere, tracking_uri


def ui_command(home: Path, host: str = "127.0.0.1", port: int = 5000) -> tuple[list[str], dict[str, str]] | None:
    """Return the command and environment that serve the UI; None if a tracking server serves it already."""
    if _server():
        return None
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", tracking_uri(home)]
    command += ["--default-artifact-root", artifact_root(home).as_uri(), "--host", host, "--port", str(port)]
    # MLflow allows private addresses too, by patterns that a stranger's name such as 10.example.org fits
    command += [
        "--allowed-hosts",
        ",".join(f"{name}:{port}" for name in dict.fromkeys((host, "127.0.0.1", "localhost"))),
    ]
    # By default MLflow starts 15 processes, which take 3 GB and half a minute.
    command += ["--workers", "1"]
    return command, {**SETTINGS, **os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def shared_server(home: Path, port: int = 5000) -> str:
    """Return the command that serves the store of `home` to other machines, for people with a password only."""
    words = ["mlflow", "server", "--backend-store-uri", tracking_uri(home)]
    words += ["--default-artifact-root", artifact_root(home).as_uri(), "--host", "0.0.0.0", "--port", str(port)]
    words += ["--allowed-hosts", f"NAME:{port}", "--app-name", "basic-auth"]
    return f"MLFLOW_DISABLE_TELEMETRY=true MLFLOW_FLASK_SERVER_SECRET_KEY=... {shlex.join(words)}"


def ui_url(home: Path, study: str | None = None, host: str = "127.0.0.1", port: int = 5000) -> str:
    """Return the address of the UI, at the page of `study` if that was written to MLflow."""
    base = (_server() or f"http://{host}:{port}").rstrip("/")
    ids = read_ids(home, study) if study else None
    if ids is None or not ids.experiment:
        return base
    return f"{base}/#/experiments/{ids.experiment}/runs?workflowType=machine_learning&viewStateShareKey={VIEW}"


def _server() -> str | None:
    uri = elsewhere()
    return uri if uri and uri.startswith(("http://", "https://")) else None
