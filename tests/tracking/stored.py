"""MLflow stores, and what they hold."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from vaebench.tracking.repair import repair
from vaebench.tracking.store import open_client


def home_with_a_store(folder: Path, template: Path) -> Path:
    """Make `folder` a home with a copy of the database `template`."""
    folder.mkdir()
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(folder / "mlflow.db")) as target:
        source.backup(target)
    repair(folder)  # it is not where it was made
    return folder


def everything(home: Path) -> dict[str, Any]:
    """Return all that the store holds, deleted runs included."""
    client = open_client(home)
    found: dict[str, Any] = {}
    for experiment in client.search_experiments():
        found[experiment.name] = (experiment.last_update_time, experiment.tags)
        for run in client.search_runs([experiment.experiment_id], run_view_type=3, max_results=1000):
            history = {name: client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
            points = {
                name: [(point.step, point.timestamp, point.value) for point in points]
                for name, points in history.items()
            }
            found[run.info.run_id] = (dict(run.info), run.data.params, run.data.tags, points)
    return found


def nested(home: Path, parent: str | None) -> dict[str, Any]:
    """Return the active nested runs by name."""
    client = open_client(home)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.`mlflow.parentRunId` = '{parent}'", max_results=1000)
    return {run.info.run_name: run for run in runs}


def trial_runs(home: Path, study: str = "gaussian") -> list[Any]:
    """Return the runs of a study's trials, complete or not."""
    client = open_client(home)
    experiment = client.get_experiment_by_name(study)
    if experiment is None:
        return []
    return list(client.search_runs([experiment.experiment_id], "tags.`vaebench.kind` = 'trial'"))


def complete(home: Path, study: str = "gaussian") -> int:
    """Count the trials that the store holds complete."""
    return sum(run.info.status in ("FINISHED", "FAILED") for run in trial_runs(home, study))


def trials_with_a_model(home: Path) -> set[int]:
    """Return the numbers of the trials whose run holds a model."""
    client = open_client(home)
    return {
        int(run.data.tags["vaebench.trial"].rpartition("/")[2])
        for run in trial_runs(home)
        if client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    }
