"""Bring MLflow up to date with the study record. A second call changes nothing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from vaebench.generator import FORMAT
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import Standings
from vaebench.search.events import Advanced, Observer, Step, unheard
from vaebench.search.tasks import Executors
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.artifact_digest import SHOWN_AS, artifact_digest
from vaebench.tracking.artifacts import Artifacts, ArtifactTasks, NotShownError
from vaebench.tracking.champion import log_model, register
from vaebench.tracking.ids import digest, read_ids, run_ids, write_ids
from vaebench.tracking.live import LiveTracking
from vaebench.tracking.repair import repair
from vaebench.tracking.runs import baseline_identity, confirmed_metrics, described, trial_identity
from vaebench.tracking.store import complaint, import_mlflow, store_errors, store_id
from vaebench.tracking.study_page import write_study_page
from vaebench.tracking.writer import StudyRuns, diagnosis_tags, failure_tags
from vaebench.trial.kept_generators import read, write

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 3
"""How many of the best trials have plots, samples and a model in MLflow."""


def sync(
    home: Path,
    standings: Standings,
    executors: Executors,
    observer: Observer,
    *,
    again: bool = False,
    live: LiveTracking | None = None,
) -> str | None:
    """Write final results to MLflow, if they are not known to be there, or `again`.

    The process of `live` does it, if there is one: it has MLflow loaded. If the store is down, return a one-line
    warning.
    """
    record = standings.record
    if not again and is_up_to_date(home, record):
        return None
    shown = [row.trial for row in standings.ranked[:SHOWN] if row.trial]
    artifacts = ArtifactTasks(record.definition, shown, executors)
    artifacts.begin()
    observer(Step("writing runs, plots and models to MLflow", len(shown)))
    process = live.written() if live is not None else None
    if process is not None:
        written = process.bring_up_to_date(home, standings, artifacts, observer)
    else:
        repair(home, thorough=True)
        written = bring_up_to_date(home, standings, artifacts, observer)
    for trial in shown:
        with suppress(NotShownError):  # a generator that is not kept is made when rows are asked for
            if read(home, trial, record.definition) is None and (files := artifacts[trial.number].model):
                write(home, record.name, trial.number, files)
    if isinstance(written, str):
        return written
    if written.warning is None and (ids := read_ids(home, record.name)) is not None:
        try:
            write_ids(home, record.name, replace(ids, written=_mark(home, record)))
        except OSError as error:
            return complaint(home, record.name, error)
    return written.warning


def is_up_to_date(home: Path, record: StudyRecord) -> bool:
    """Return whether the store that this very record was written to is still there; what it holds is not looked at."""
    ids = read_ids(home, record.name)
    return ids is not None and ids.written == _mark(home, record) != ""


def _mark(home: Path, record: StudyRecord) -> str:
    """Return what `ids.written` is if the record is in the store: empty if there is none."""
    store = store_id(home)
    return f"{digest(record)} {store} {FORMAT}" if store else ""


@dataclass(frozen=True)
class Written:
    """What MLflow holds of a study."""

    run_ids: Mapping[int, str]
    """Run ids of the written trials, by trial number."""
    parent_run_id: str | None
    experiment_id: str | None
    warning: str | None = None
    """One line, if MLflow could not be brought up to date."""


def bring_up_to_date(
    home: Path, standings: Standings, artifacts: Mapping[int, Artifacts], observer: Observer = unheard
) -> Written:
    """Write what MLflow lacks of the trials, the baselines, the parent run and `artifacts`.

    `artifacts` holds those of the best trials, by number. They are asked for only if MLflow lacks them. A store that is
    down gives a warning, never an exception.
    """
    import_mlflow()
    try:
        return _bring_up_to_date(home, standings, artifacts, observer)
    except store_errors() as error:
        name = standings.record.name
        ids = read_ids(home, name)
        parent, experiment = (ids.parent_run, ids.experiment) if ids else ("", "")
        return Written(run_ids(home, name), parent or None, experiment or None, complaint(home, name, error))


def _bring_up_to_date(
    home: Path, standings: Standings, artifacts: Mapping[int, Artifacts], observer: Observer
) -> Written:
    record = standings.record
    runs = StudyRuns.open(home, record)
    for run in described(record):
        runs.write(run)
    trials = {trial.number: runs.present[trial_identity(record, trial.number)] for trial in record.trials}
    write_ids(home, record.name, runs.ids(trials))
    frame = leaderboard(standings, trials)
    _confirm(runs, record, frame)
    write_study_page(runs, standings, frame)  # while the workers make the artifacts
    warning = None
    for trial in record.trials:
        if trial.number in artifacts:
            try:
                _show(runs, trials[trial.number], trial, artifacts)
            except NotShownError as error:  # all else is written nevertheless
                warning = warning or complaint(home, record.name, error)
            observer(Advanced())
    best = standings.best
    if best is not None and best.number in artifacts:
        register(runs, home, trials[best.number])
    return Written(trials, runs.parent_run_id, runs.experiment_id, warning)


def _confirm(runs: StudyRuns, record: StudyRecord, frame: "pd.DataFrame") -> None:
    """Add the results of the confirmation to runs that were written before it."""
    rows = {
        (row["kind"], str(row["trial"] if row["kind"] == "trial" else row["variant"])): row
        for row in frame.to_dict(orient="records")
    }
    confirmed = {
        trial_identity(record, trial.number): ("trial", str(trial.number))
        for trial in record.trials
        if trial.confirmation
    }
    confirmed |= {
        baseline_identity(record, baseline): (baseline.kind, baseline.name)
        for baseline in record.baselines
        if baseline.confirmation
    }
    diagnoses = {trial_identity(record, trial.number): trial.diagnosis for trial in record.trials}
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


def _show(runs: StudyRuns, run_id: str, trial: TrialRecord, artifacts: Mapping[int, Artifacts]) -> None:
    """Add a trial's artifacts to its run, if they are not there yet, or not whole any more."""
    client, experiment = runs.client, runs.experiment_id
    now = client.get_run(run_id).data.tags.get(SHOWN_AS)
    if now == f"{FORMAT} {artifact_digest(client, experiment, run_id)}":
        return
    made = artifacts[trial.number]
    with TemporaryDirectory() as folder:
        for name, content in made.files.items():
            (Path(folder) / name).write_bytes(content)
        client.log_artifacts(run_id, folder)
    if made.model:
        log_model(client, experiment, run_id, f"trial-{trial.number}", made)
    # last, since it marks the artifacts as complete
    client.set_tag(run_id, SHOWN_AS, f"{FORMAT} {artifact_digest(client, experiment, run_id)}")
