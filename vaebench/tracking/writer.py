"""A study's runs in MLflow: its experiment, its parent run, and the nested runs, each of which is written once."""

import getpass
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from vaebench.results.export import markdown
from vaebench.study.records import Diagnosis, StudyRecord, TrialRecord
from vaebench.tracking.champion import owned_name
from vaebench.tracking.experiment import find_or_create
from vaebench.tracking.ids import Ids, new_id, read_ids, write_ids
from vaebench.tracking.runs import Run, best_so_far, curve_points, described, finite, keys, milliseconds
from vaebench.tracking.store import DESCRIPTION, elsewhere, open_client
from vaebench.tracking.whole_run import insert_run

DONE = ("FINISHED", "FAILED")
Tags = Mapping[str, str]
Points = Sequence[tuple[str, int, float]]
"""Metrics as (name, step, value)."""


@dataclass
class StudyRuns:
    """The runs of one study. Every call names a run id; MLflow's active run is never used."""

    client: Any
    record: StudyRecord
    study_id: str
    experiment_id: str
    parent_run_id: str
    owner: str
    model: str
    """The name of the champion's registered model."""
    wanted: dict[str, int] = field(default_factory=dict)
    """Start times of the nested runs that there should be, by identity."""
    present: dict[str, str] = field(default_factory=dict)
    """Run ids of the complete nested runs, by identity."""
    best_score: float = math.inf

    def ids(self, trials: Mapping[int, str]) -> Ids:
        """Return the ids to store for this study. `trials` maps trial numbers to run ids."""
        by_number = {str(number): run_id for number, run_id in trials.items()}
        return Ids(self.study_id, self.experiment_id, self.parent_run_id, by_number, self.owner)

    @classmethod
    def open(cls, home: Path, record: StudyRecord) -> Self:
        """Find the study's runs, or create them. Only the study's coordinator may call it.

        Runs that are incomplete, duplicate or not (or no longer) part of `record` are deleted.
        """
        ids = read_ids(home, record.name)
        if ids is None:
            ids = Ids(study=new_id(home, record.name))
            write_ids(home, record.name, ids)  # before the parent run, so that it is found again after a kill
        client = open_client(home)
        owner = ids.owner or ids.study
        model = owned_name(client, record.name, owner)
        experiment_id = find_or_create(client, home, record, model)
        parent_run_id = _find_or_begin_parent(client, experiment_id, record, ids.study)
        runs = cls(client, record, ids.study, experiment_id, parent_run_id, owner, model)
        runs.best_score = best_so_far(record, record.trials).get("best_score", math.inf)
        runs.wanted = {run.identity: milliseconds(run.started) for run in described(record)}
        runs.look()
        return runs

    def look(self) -> None:
        """Find the complete runs, and delete those that are incomplete, duplicate or not (or no longer) wanted."""
        self.present = {}
        for run in self.children():
            identity = run.data.tags.get("vaebench.trial", "")
            # The start time tells a trial from a discarded one of the same number.
            whole = run.info.status in DONE and run.info.start_time == self.wanted.get(identity)
            if whole and identity not in self.present:
                self.present[identity] = run.info.run_id
            else:
                self.client.delete_run(run.info.run_id)

    def children(self) -> list[Any]:
        """Return every nested run."""
        runs: list[Any] = []
        token = None
        while True:
            nested = f"tags.`mlflow.parentRunId` = '{self.parent_run_id}'"
            page = self.client.search_runs([self.experiment_id], nested, max_results=1000, page_token=token)
            runs += page
            token = page.token
            if not token:
                return runs

    def write(self, run: Run) -> str:
        """Write a whole run, with its true times and status, unless it is there already. Return its id."""
        if run.identity in self.present:
            return self.present[run.identity]
        self.wanted[run.identity] = milliseconds(run.started)
        tags = {
            "vaebench.trial": run.identity,
            "vaebench.kind": run.kind,
            "vaebench.status": "failed" if run.reason else "pruned" if run.pruned else "searched",
            "mlflow.parentRunId": self.parent_run_id,
            **common_tags(),
        }
        if run.reason:
            tags |= failure_tags(run.reason)
        elif run.pruned:
            tags |= {"vaebench.reason": run.pruned, DESCRIPTION: f"Stopped early: {markdown(run.pruned)}"}
        names = keys(run.params)
        params = {names[name]: value[:6000] for name, value in run.params.items()}
        metrics = [(name, 0, value) for name, value in finite(run.metrics).items()]
        metrics += curve_points(run.curves)
        run_id = self._inserted(run, tags, params, metrics) or self._created(run, tags, params, metrics)
        self.present[run.identity] = run_id
        return run_id

    @cached_property
    def _folder(self) -> str:
        """The address of the experiment's artifacts."""
        return str(self.client.get_experiment(self.experiment_id).artifact_location)

    def _inserted(self, run: Run, tags: Tags, params: Tags, metrics: Points) -> str | None:
        """Write a run into the embedded store. Return its id; None if that is no such store, or of another MLflow."""
        if elsewhere() is not None:
            return None
        try:
            return insert_run(
                self.client,
                self.experiment_id,
                self._folder,
                name=run.name,
                status=run.status,
                started=milliseconds(run.started),
                ended=milliseconds(run.ended),
                tags=tags,
                params=params,
                metrics=metrics,
            )
        except Exception:  # the client says what it is, if it fails too
            return None

    def _created(self, run: Run, tags: Tags, params: Tags, metrics: Points) -> str:
        """Write a run by the calls of MLflow's client. Return its id."""
        from mlflow.entities import Metric, Param

        started, ended = milliseconds(run.started), milliseconds(run.ended)
        created = self.client.create_run(self.experiment_id, start_time=started, tags=tags, run_name=run.name)
        run_id: str = created.info.run_id
        self.client.log_batch(
            run_id,
            metrics=[Metric(name, value, ended, step) for name, step, value in metrics],
            params=[Param(name, value) for name, value in params.items()],
        )
        self.client.set_terminated(run_id, status=run.status, end_time=ended)  # last: marks the run as complete
        return run_id

    def note_best(self, trial: TrialRecord) -> None:
        """If the finished `trial` has the best score so far, note that in the parent run."""
        from mlflow.entities import Metric

        best = best_so_far(self.record, [trial])
        if best and best["best_score"] < self.best_score:
            self.best_score = best["best_score"]
            stamp = milliseconds(trial.ended)
            metrics = [Metric(name, value, stamp, trial.number + 1) for name, value in finite(best).items()]
            self.client.log_batch(self.parent_run_id, metrics=metrics)

    def update(self, run_id: str, *, metrics: dict[str, float], tags: dict[str, str], step: int = 0) -> None:
        """Update metrics and tags of a written run. Unchanged ones are not written again."""
        from mlflow.entities import Metric, RunTag

        now = self.client.get_run(run_id)
        stamp = milliseconds(time.time())  # MLflow shows the latest of several values at one step
        new_metrics = [
            Metric(name, value, stamp, step)
            for name, value in finite(metrics).items()
            if now.data.metrics.get(name) != value
        ]
        new_tags = [RunTag(name, value[:8000]) for name, value in tags.items() if now.data.tags.get(name) != value]
        if new_metrics or new_tags:
            self.client.log_batch(run_id, metrics=new_metrics, tags=new_tags)


def failure_tags(reason: str) -> dict[str, str]:
    """Return the tags that say why a run failed. The second is the description on its page."""
    return {"vaebench.reason": reason[:8000], DESCRIPTION: f"Failed: {markdown(reason)}"[:8000]}


def diagnosis_tags(diagnosis: Diagnosis) -> dict[str, str]:
    """Return the tags with a trial's diagnosis. The second is the description on its run's page."""
    lines = [f"- **{finding.name}**: {finding.text}" for finding in diagnosis.findings] or ["no single reason found"]
    return {
        "vaebench.trial.diagnosis": ", ".join(finding.name for finding in diagnosis.findings),
        DESCRIPTION: "\n".join(["Why is it off?", "", *lines])[:8000],
    }


def common_tags() -> dict[str, str]:
    """Return the tags for MLflow's columns of source and user."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = "unknown"
    return {"mlflow.source.name": "vaebench", "mlflow.source.type": "LOCAL", "mlflow.user": user}


def _find_or_begin_parent(client: Any, experiment_id: str, record: StudyRecord, study_id: str) -> str:
    """Return the id of the parent run. Restore it if it was deleted; create it if there is none."""
    from mlflow.entities import ViewType

    filter_string = f"tags.`vaebench.study_id` = '{study_id}'"
    for found in client.search_runs([experiment_id], filter_string, run_view_type=ViewType.ALL, max_results=1):
        if found.info.lifecycle_stage == "deleted":
            client.restore_run(found.info.run_id)
        return str(found.info.run_id)
    tags = {"vaebench.study": record.name, "vaebench.study_id": study_id, "vaebench.kind": "study", **common_tags()}
    started = min((trial.started for trial in record.trials), default=None)
    start_time = None if started is None else milliseconds(started)
    run = client.create_run(experiment_id, start_time=start_time, tags=tags, run_name=f"study {record.name}")
    return str(run.info.run_id)
