"""Brings MLflow up to date with the study record. Doing it twice changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from vaebench.results.leaderboard import best_trial, leaderboard
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.champion import register, save_model
from vaebench.tracking.runs import confirmed_metrics, described, reference_identity, trial_identity
from vaebench.tracking.store import complaint, import_mlflow, store_errors
from vaebench.tracking.study_page import bring_up_to_date
from vaebench.tracking.where import read_ids, run_ids, write_ids
from vaebench.tracking.writer import StudyRuns, diagnosis_tags, failure_tags

if TYPE_CHECKING:
    import pandas as pd

    from vaebench.tracking.artifacts import Exhibit


@dataclass(frozen=True)
class Projection:
    """What MLflow holds of a study."""

    run_ids: Mapping[int, str]
    """Run id of each projected trial by its number."""
    parent_run_id: str | None
    experiment_id: str | None
    warning: str | None = None
    """One line where MLflow could not be brought up to date."""


def project(home: Path, record: StudyRecord, exhibits: Mapping[int, "Exhibit"]) -> Projection:
    """Bring MLflow up to date: every trial and reference, the parent run, pictures and models of `exhibits`.

    `exhibits` holds those of the best trials, by number; one is asked for only where MLflow lacks it. A store that is
    down is a warning, never an exception.
    """
    import_mlflow()
    try:
        return _project(home, record, exhibits)
    except store_errors() as error:
        ids = read_ids(home, record.name)
        parent, experiment = (ids.parent_run, ids.experiment) if ids else ("", "")
        return Projection(run_ids(home, record.name), parent or None, experiment or None, complaint(home, error))


def _project(home: Path, record: StudyRecord, exhibits: Mapping[int, "Exhibit"]) -> Projection:
    runs = StudyRuns.open(home, record)
    for run in described(record):
        runs.write(run)
    trials = {trial.number: runs.present[trial_identity(record, trial.number)] for trial in record.trials}
    write_ids(home, record.name, runs.ids(trials))
    frame = leaderboard(record, trials)
    _confirm(runs, record, frame)
    for trial in record.trials:
        if trial.number in exhibits:
            _show(runs.client, trials[trial.number], trial, exhibits)
    best = best_trial(record)
    if best is not None and best.number in exhibits:
        register(runs.client, record.name, trials[best.number])
    bring_up_to_date(runs, record, frame)
    return Projection(trials, runs.parent_run_id, runs.experiment_id)


def _confirm(runs: StudyRuns, record: StudyRecord, frame: "pd.DataFrame") -> None:
    """Add what has become known since a run was written: its confirmation, or that it failed there."""
    rows = {
        (row["kind"], str(row["trial"] if row["kind"] == "trial" else row["variant"])): row
        for row in frame.to_dict(orient="records")
    }
    confirmed = {
        trial_identity(record, one.number): ("trial", str(one.number)) for one in record.trials if one.confirmation
    }
    confirmed |= {
        reference_identity(record, one): (one.kind, one.name) for one in record.references if one.confirmation
    }
    diagnoses = {trial_identity(record, one.number): one.diagnosis for one in record.trials}
    for identity, place in confirmed.items():
        row = rows[place]
        tags = {"vaebench.status": str(row["status"])}
        if row["status"] == "failed":
            tags |= failure_tags(str(row["reason"]))
        metrics = confirmed_metrics(row)
        if diagnosis := diagnoses.get(identity):
            metrics |= {f"evidence.{name}": value for name, value in diagnosis.evidence.items()}
            tags |= diagnosis_tags(diagnosis)
        runs.update(runs.present[identity], metrics=metrics, tags=tags)


def _show(client: Any, run_id: str, trial: TrialRecord, exhibits: Mapping[int, "Exhibit"]) -> None:
    """Add what shows how good a generator is: pictures, samples, and the model itself."""
    if "vaebench.shown" in client.get_run(run_id).data.tags:
        return
    exhibit = exhibits[trial.number]
    with TemporaryDirectory() as folder:
        for name, content in exhibit.files.items():
            (Path(folder) / name).write_bytes(content)
        save_model(exhibit, Path(folder) / "model")
        client.log_artifacts(run_id, folder)
    client.set_tag(run_id, "vaebench.shown", "true")  # last: from now on it is complete
