"""The ids that a study has in MLflow. Imports no mlflow, so that a leaderboard knows them at once."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vaebench.files import study_folder, write_whole
from vaebench.study.records import StudyRecord


@dataclass(frozen=True)
class Ids:
    """The ids that a study has in MLflow, as kept in home/studies/STUDY/mlflow.json."""

    study: str
    """Tells this study from another user's study of the same name on the same server."""
    experiment: str = ""
    parent_run: str = ""
    trials: dict[str, str] = field(default_factory=dict)
    """Run id by trial number (as text, since it is JSON)."""
    written: str = ""
    """What the store holds: the record's digest and the store's address; empty where it is not up to date."""


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
    write_whole(file, lambda part: part.write_text(json.dumps(asdict(ids), indent=1), encoding="utf-8"))


def run_ids(home: Path, study: str) -> dict[int, str]:
    """Return the MLflow run id of each projected trial by its number."""
    ids = read_ids(home, study)
    return {int(number): run_id for number, run_id in ids.trials.items()} if ids else {}


def digest(record: StudyRecord) -> str:
    """Return what tells whether a record has changed since it was written to MLflow."""
    return hashlib.sha256(repr(record).encode()).hexdigest()[:16]


def _file(home: Path, study: str) -> Path:
    return study_folder(home, study) / "mlflow.json"
