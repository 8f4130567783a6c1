"""The parent run sums a study up."""

from pathlib import Path

import pandas as pd
from hand_made import timed_study as study
from hand_made import timed_trial as trial

from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.tracking.ids import run_ids
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date


def test_the_parent_run_sums_the_study_up(home: Path, tmp_path: Path) -> None:
    record = study([trial(number, confirmed=3 * (number == 3)) for number in range(6)], confirmed=3)
    written = bring_up_to_date(home, standings(record), {})
    client = open_client(home)
    run = client.get_run(written.parent_run_id)
    assert run.data.tags["vaebench.study"] == "gaussian"
    assert run.data.params["search.latent_dim.int"] == "[1, 42]"
    assert run.data.params["data.distribution.scale"] == "10.0"
    frame = leaderboard(standings(record), written.run_ids)
    searched = frame[frame["kind"] == "trial"]["metric.search_score"]
    assert run.data.metrics["best_score"] == searched.min()
    assert run.data.metrics["champion.score"] == frame.loc[frame["rank"] == 1, "score"].item()
    assert run.data.metrics["trials"] == 6
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.name == "gaussian"
    assert '"norm"' in data.dataset.source
    assert '"x"' in data.dataset.schema
    assert (run.info.status, run.info.end_time) == ("FINISHED", int(record.trials[-1].ended * 1000))
    names = {item.path for item in client.list_artifacts(written.parent_run_id)}
    assert names == {"study.json", "leaderboard.csv", "leaderboard.md", "leaderboard.png", "search_history.png"}
    file = client.download_artifacts(written.parent_run_id, "leaderboard.csv", str(tmp_path))
    assert pd.read_csv(file)["mlflow_run_id"].dropna().tolist() == frame["mlflow_run_id"].dropna().tolist()
    experiment = client.get_experiment(written.experiment_id)
    assert experiment.name == "gaussian"
    assert "Which one is best?" in experiment.tags["mlflow.note.content"]
    assert experiment.tags["mlflow.experiment.primaryMetric.name"] == "score"
    assert run_ids(home, "gaussian") == written.run_ids
