"""Where a study is tracked, and the ids of its runs. Imports no mlflow, so that a leaderboard knows them at once."""

import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

VIEW = "leaderboard"
"""The key under which a study's experiment keeps the view that `ui_url` opens."""


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


@dataclass(frozen=True)
class Ids:
    """The ids that a study has in MLflow, as kept in home/studies/STUDY/mlflow.json."""

    study: str
    """Tells this study from another user's study of the same name on the same server."""
    experiment: str = ""
    parent_run: str = ""
    trials: dict[str, str] = field(default_factory=dict)
    """Run id by trial number (as text, since it is JSON)."""


def read_ids(home: Path, study: str) -> Ids | None:
    """Return the ids of `study`; None where it was never projected, or where the file is damaged."""
    try:
        return Ids(**json.loads(_file(home, study).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_ids(home: Path, study: str, ids: Ids) -> None:
    """Write the ids of `study`, all or nothing, and only where they changed."""
    if read_ids(home, study) == ids:
        return
    file = _file(home, study)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{uuid.uuid4().hex}.part")
    part.write_text(json.dumps(asdict(ids), indent=1), encoding="utf-8")
    part.replace(file)


def run_ids(home: Path, study: str) -> dict[int, str]:
    """Return the MLflow run id of each projected trial by its number."""
    ids = read_ids(home, study)
    return {int(number): run_id for number, run_id in ids.trials.items()} if ids else {}


def _file(home: Path, study: str) -> Path:
    return home / "studies" / study / "mlflow.json"
