"""The ids that a study has in MLflow. Does not import mlflow, so a leaderboard gets them without waiting for it."""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from vaebench.files import JOURNAL, study_folder, write_whole
from vaebench.search.storage import storage_at
from vaebench.study.records import StudyRecord


@dataclass(frozen=True)
class Ids:
    """The ids that a study has in MLflow, as stored in home/studies/STUDY/mlflow.json."""

    study: str
    """Distinguishes this study from another user's of the same name on the same server."""
    experiment: str = ""
    parent_run: str = ""
    trials: dict[Annotated[str, Field(pattern=r"^[0-9]{1,9}$")], str] = field(default_factory=dict)
    """Run id by trial number, which is text since JSON's keys are."""
    owner: str = ""
    """Distinguishes this home's studies of the name from another's, also after `--fresh`; empty: `study` does."""
    written: str = ""
    """The digest of the record last written in full, and the store's address; empty if not up to date."""


_ids = TypeAdapter(Ids)


def read_ids(home: Path, study: str) -> Ids | None:
    """Return the ids of `study`; None if it was never written to MLflow, or if the file is damaged.

    A record that hosts share has the ids by which another host's runs are found; this home's file may be of before.
    """
    try:
        kept = _ids.validate_json(_file(home, study).read_bytes())
    except (FileNotFoundError, ValueError):
        kept = None
    shared = storage_at(home).ids(study)
    if shared is None or (kept is not None and kept.study == shared["study"]):
        return kept
    return Ids(shared["study"], owner=shared["owner"])


def new_id(home: Path, study: str) -> str:
    """Return an id for `study`: that of who wrote the first line of its record, so that lost ids are found again."""
    try:
        with (study_folder(home, study) / JOURNAL).open("rb") as file:
            return hashlib.sha256(json.loads(file.readline())["worker_id"].encode()).hexdigest()[:32]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return uuid.uuid4().hex


def write_ids(home: Path, study: str, ids: Ids) -> None:
    """Write the ids of `study`, all or nothing, if they changed."""
    if read_ids(home, study) == ids:
        return
    file = _file(home, study)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, lambda part: part.write_text(json.dumps(asdict(ids), indent=1), encoding="utf-8"))


def run_ids(home: Path, study: str) -> dict[int, str]:
    """Return the MLflow run ids of the trials written so far, by trial number."""
    ids = read_ids(home, study)
    return {int(number): run_id for number, run_id in ids.trials.items()} if ids else {}


def digest(record: StudyRecord) -> str:
    """Return a hash of a record, which tells whether it changed since it was written to MLflow."""
    return hashlib.sha256(repr(record).encode()).hexdigest()[:16]


def _file(home: Path, study: str) -> Path:
    return study_folder(home, study) / "mlflow.json"
