"""The parent run, which stands for the study: its definition, the best so far, the leaderboard and plots."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from vaebench.results.export import write as export
from vaebench.results.optimism import optimism
from vaebench.results.plots.leaderboard import leaderboard_picture
from vaebench.results.plots.search_history import search_history
from vaebench.results.standings import Standings
from vaebench.study.file import may_change, shareable
from vaebench.study.file.values import flatten
from vaebench.study.records import StudyRecord
from vaebench.tracking.artifact_digest import SHOWN_AS, artifact_digest
from vaebench.tracking.champion import ALIAS
from vaebench.tracking.experiment import describe
from vaebench.tracking.ids import digest
from vaebench.tracking.runs import best_so_far, confirmed_metrics, keys, milliseconds, text
from vaebench.tracking.store import DESCRIPTION
from vaebench.tracking.writer import StudyRuns

if TYPE_CHECKING:
    import pandas as pd


def write_study_page(runs: StudyRuns, standings: Standings, frame: "pd.DataFrame") -> None:
    """Write the contents of the parent run, if they changed or are not whole. `frame` is the leaderboard."""
    record = standings.record
    run = runs.client.get_run(runs.parent_run_id)
    if run.data.tags.get(SHOWN_AS) != _shown(runs, record):
        _write(runs, standings, frame, known=run.data.params)
        # last, since it marks the page as complete
        runs.client.set_tag(runs.parent_run_id, SHOWN_AS, _shown(runs, record))
    ended = max([run.info.start_time, *(milliseconds(trial.ended) for trial in record.trials)])
    if (run.info.status, run.info.end_time) != ("FINISHED", ended):
        runs.client.set_terminated(runs.parent_run_id, status="FINISHED", end_time=ended)


def _shown(runs: StudyRuns, record: StudyRecord) -> str:
    return f"{digest(record)} {artifact_digest(runs.client, runs.experiment_id, runs.parent_run_id)}"


def _write(runs: StudyRuns, standings: Standings, frame: "pd.DataFrame", known: Mapping[str, str]) -> None:
    from mlflow.entities import Param

    record, plain = standings.record, dict(flatten(shareable(standings.record.definition)))
    # values that may change are tags, since MLflow never changes a param
    names = keys(plain)
    fixed = {names[path]: text(value) for path, value in plain.items() if not may_change(path)}
    tags = {names[path]: text(value) for path, value in plain.items() if may_change(path)}
    params = [Param(name, value[:6000]) for name, value in fixed.items() if name not in known]
    runs.client.log_batch(runs.parent_run_id, params=params)
    runs.client.log_inputs(runs.parent_run_id, [_data_set(record)])  # only here: every trial has the same
    metrics: dict[str, float] = {
        "trials": len(record.trials),
        "failed": sum(trial.reason is not None for trial in record.trials),
        **best_so_far(record, record.trials),
    }
    if found := optimism(standings):
        metrics |= {"searched_score": found.searched, "selection_optimism": found.selection}
    winner = frame[(frame["rank"] == 1) & (frame["status"] == "confirmed")]
    for row in winner.to_dict(orient="records"):
        metrics |= confirmed_metrics(row, prefix=f"{ALIAS}.")
    tags[DESCRIPTION] = describe(record, runs.model)
    runs.update(runs.parent_run_id, metrics=metrics, tags=tags, step=len(record.trials))
    with TemporaryDirectory() as folder:
        files = Path(folder)
        (files / "study.json").write_text(json.dumps(shareable(record.definition), indent=2), encoding="utf-8")
        export(frame, files / "leaderboard.csv")
        export(frame, files / "leaderboard.md")
        if standings.best is not None:
            search_history(standings).savefig(files / "search_history.png")
            leaderboard_picture(frame).savefig(files / "leaderboard.png")
        runs.client.log_artifacts(runs.parent_run_id, folder)


def _data_set(record: StudyRecord) -> Any:
    """Return the study's data as the input of a run."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps(shareable(record.definition)["data"], sort_keys=True)
    columns = [{"type": "double", "name": column, "required": True} for column in record.columns]
    dataset = Dataset(
        name=record.name,
        digest=hashlib.sha256(source.encode()).hexdigest()[:8],
        source_type="vaebench",
        source=source,
        schema=json.dumps({"mlflow_colspec": columns}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])
