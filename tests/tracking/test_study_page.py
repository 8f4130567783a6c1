"""The parent run sums a study up."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
from hand_made import timed_study as study
from hand_made import timed_trial as trial

from vaebench.data_sets.file import File
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


def test_no_folder_of_the_users_gets_there(home: Path, tmp_path: Path) -> None:
    rows = tmp_path / "secret" / "people.csv"
    rows.parent.mkdir()
    pd.DataFrame({"a": range(40), "b": [n * n % 7 for n in range(40)]}).to_csv(rows, index=False)
    record = study([trial(0)])
    definition = replace(record.definition, data_set=File.parse(str(rows), tmp_path), rows=40)
    written = bring_up_to_date(home, standings(replace(record, definition=definition)), {})
    client = open_client(home)
    run = client.get_run(written.parent_run_id)
    file = Path(client.download_artifacts(written.parent_run_id, "study.json", str(tmp_path))).read_text()
    assert run.data.tags["data.file.path"] == "people.csv"
    assert '"path": "people.csv"' in file
    (data,) = run.inputs.dataset_inputs
    for text in (file, data.dataset.source, str(run.data), str(client.get_experiment(written.experiment_id).tags)):
        assert "secret" not in text
