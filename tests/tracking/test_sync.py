"""MLflow holds what the study record holds, whatever happened in between."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hand_made import START
from hand_made import timed_result as result
from hand_made import timed_study as study
from hand_made import timed_trial as trial

from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.tracking.ids import run_ids
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date


def everything(home: Path) -> dict[str, Any]:
    """Return all that the store holds, deleted runs included."""
    client = open_client(home)
    found: dict[str, Any] = {}
    for experiment in client.search_experiments():
        found[experiment.name] = (experiment.last_update_time, experiment.tags)
        for run in client.search_runs([experiment.experiment_id], run_view_type=3, max_results=1000):
            history = {name: client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
            points = {name: [(one.step, one.timestamp, one.value) for one in all_] for name, all_ in history.items()}
            found[run.info.run_id] = (dict(run.info), run.data.params, run.data.tags, points)
    return found


def nested(home: Path, parent: str | None) -> dict[str, Any]:
    """Return the active nested runs by name."""
    client = open_client(home)
    experiments = [one.experiment_id for one in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.`mlflow.parentRunId` = '{parent}'", max_results=1000)
    return {run.info.run_name: run for run in runs}


def test_a_trial_is_one_complete_nested_run(home: Path) -> None:
    one = trial(3)
    written = bring_up_to_date(home, standings(study([one])), {})
    assert written.warning is None
    client = open_client(home)
    run = client.get_run(written.run_ids[3])
    assert run.info.run_name == "trial 3 · vae · mse · gaussian"
    assert (run.info.start_time, run.info.end_time, run.info.status) == (
        int((START + 30) * 1000),
        int((START + 34.5) * 1000),
        "FINISHED",
    )
    assert run.data.params == {
        "variant": "vae",
        "loss": "mse",
        "latent_sampler": "gaussian",
        "latent_sampler.gaussian.scale": "1.25",
        "latent_dim": "4",
        "encoder": "[200, 200, 50]",
        "learning_rate": "0.001",
        "batch_norm": "false",
    }
    # ks of the two replicates: 0.06 and 0.07; mean error 1.2, std error 0.84; attainable 0.05, 1.0, 0.7
    expected = {"ks": 0.065, "mean_error": 1.2, "std_error": 0.84, "std_ratio": 0.94, "seconds": 1.0, "epochs": 8}
    expected["score"] = (0.065 / 0.05 + 1.2 / 1.0 + 0.84 / 0.7) / 3
    assert {name: run.data.metrics[name] for name in expected} == pytest.approx(expected)
    for name, curve in one.results[0].curves.items():
        points = client.get_metric_history(run.info.run_id, name)
        assert sorted((point.step, point.value) for point in points) == list(curve)


def test_a_failed_trial_says_why(home: Path) -> None:
    written = bring_up_to_date(home, standings(study([trial(0), trial(1, reason="loss is NaN in epoch 3")])), {})
    run = open_client(home).get_run(written.run_ids[1])
    assert run.info.status == "FAILED"
    assert run.data.tags["vaebench.reason"] == "loss is NaN in epoch 3"
    assert "loss is NaN in epoch 3" in run.data.tags["mlflow.note.content"]
    assert "score" not in run.data.metrics


def test_baselines_and_floor_stand_beside_the_trials(home: Path) -> None:
    written = bring_up_to_date(home, standings(study([trial(0)])), {})
    runs = nested(home, written.parent_run_id)
    assert set(runs) == {"trial 0 · ae · mse · gaussian", "baseline · gaussian", "baseline · kde", "noise floor"}
    assert runs["baseline · kde"].data.params == {"variant": "kde"}
    assert runs["noise floor"].data.tags["vaebench.kind"] == "floor"
    assert runs["noise floor"].data.metrics["ks"] == pytest.approx(0.015)


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


def test_a_second_time_changes_nothing(home: Path) -> None:
    trials = [trial(0, confirmed=2), trial(1), trial(2, reason="overflow")]
    bring_up_to_date(home, standings(study(trials, confirmed=2)), {})
    before = everything(home)
    assert len(before) == 2 + 1 + 3 + 3  # experiments (MLflow's own default is one), the parent, trials, references
    assert bring_up_to_date(home, standings(study(trials, confirmed=2)), {}).warning is None
    assert everything(home) == before


def test_more_trials_and_a_later_confirmation_are_added(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    record = study([trial(0, confirmed=4), trial(1), trial(2)], confirmed=4)
    second = bring_up_to_date(home, standings(record), {})
    assert second.parent_run_id == first.parent_run_id
    assert {number: second.run_ids[number] for number in (0, 1)} == first.run_ids
    client = open_client(home)
    parent = client.get_run(second.parent_run_id)
    assert (parent.data.tags["study.trials"], parent.data.metrics["trials"]) == ("3", 3)
    run = client.get_run(second.run_ids[0])
    frame = leaderboard(standings(record))
    row = frame[frame["trial"] == 0].iloc[0]
    for name in ("score", "score_low", "score_high", "ks", "ks_low", "ks_high", "mean_error", "std_error"):
        assert run.data.metrics[f"confirmed.{name}"] == row[name]
    assert run.data.metrics["confirmed.replicates"] == 4
    assert run.data.metrics["ks"] == pytest.approx(0.055)  # the search's own figure stays
    assert run.data.tags["vaebench.status"] == "confirmed"
    assert "confirmed.score" in nested(home, second.parent_run_id)["noise floor"].data.metrics
    assert "confirmed.score" not in client.get_run(second.run_ids[2]).data.metrics


def test_a_trial_that_fails_in_confirmation_is_marked(home: Path) -> None:
    good = trial(0, confirmed=2)
    broken = replace(good, confirmation=(good.confirmation[0], result(0.1, reason="overflow")))
    written = bring_up_to_date(home, standings(study([broken])), {})
    tags = open_client(home).get_run(written.run_ids[0]).data.tags
    assert (tags["vaebench.status"], tags["vaebench.reason"]) == ("failed", "overflow")


def test_a_half_written_run_is_redone(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0)])), {})
    client = open_client(home)
    tags = {"vaebench.trial": "gaussian/1", "mlflow.parentRunId": first.parent_run_id}
    half = client.create_run(first.experiment_id, start_time=int(trial(1).started * 1000), tags=tags)
    second = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    assert client.get_run(half.info.run_id).info.lifecycle_stage == "deleted"
    runs = nested(home, second.parent_run_id)
    assert len(runs) == 2 + 3
    assert runs["trial 1 · vae · mse · gaussian"].info.status == "FINISHED"


def test_a_fresh_start_replaces_the_trials_of_the_same_number(home: Path) -> None:
    old = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    anew = replace(trial(0), started=START + 500, ended=START + 501)
    new = bring_up_to_date(home, standings(study([anew])), {})
    assert new.run_ids[0] != old.run_ids[0]
    assert sum("trial" in name for name in nested(home, new.parent_run_id)) == 1


def test_a_deleted_experiment_is_restored(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0)])), {})
    open_client(home).delete_experiment(first.experiment_id)
    second = bring_up_to_date(home, standings(study([trial(0)])), {})
    assert second == first
    assert open_client(home).get_experiment(first.experiment_id).lifecycle_stage == "active"


def test_what_a_user_deleted_by_hand_comes_back_once(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    client = open_client(home)
    client.delete_run(first.parent_run_id)
    client.delete_run(first.run_ids[1])
    second = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    assert second.parent_run_id == first.parent_run_id
    assert second.run_ids[0] == first.run_ids[0]
    assert len(nested(home, first.parent_run_id)) == 2 + 3


def test_two_users_of_one_store_do_not_touch_each_others_runs(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
    mine = bring_up_to_date(tmp_path / "mine", standings(study([trial(0), trial(1)])), {})
    yours = bring_up_to_date(tmp_path / "yours", standings(study([trial(0)])), {})
    assert mine.experiment_id == yours.experiment_id
    assert mine.parent_run_id != yours.parent_run_id
    assert len(nested(home, mine.parent_run_id)) == 5
    assert len(nested(home, yours.parent_run_id)) == 4


def test_awkward_names_and_sizes_are_stored(home: Path) -> None:
    """Columns may be called anything; one call takes 100 params at most; infinity would hide every chart."""
    plain = trial(0)
    one = replace(plain.results[0], metrics={**plain.results[0].metrics, "ks.Größe (cm)/x": 0.25, "odd": float("inf")})
    params = {**plain.params, **{f"own.{number}": number for number in range(250)}, "empty": "", "long": "x" * 9000}
    written = bring_up_to_date(home, standings(study([replace(plain, results=(one,), params=params)])), {})
    assert written.warning is None
    run = open_client(home).get_run(written.run_ids[0])
    assert run.data.metrics["ks.Größe _cm__x"] == 0.25
    assert "odd" not in run.data.metrics
    assert run.data.params["own.249"] == "249"


def test_a_broken_store_is_a_warning(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0)])), {})
    for suffix in ("-wal", "-shm"):
        (home / f"mlflow.db{suffix}").unlink(missing_ok=True)
    (home / "mlflow.db").write_bytes(b"no database at all" * 1000)
    second = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    assert second.warning
    assert str(home / "mlflow.db") in second.warning
    assert "\n" not in second.warning
    assert second.run_ids == first.run_ids  # what is known of the last written


def test_a_new_home_is_made_quietly_and_lets_the_ui_read_while_it_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bring_up_to_date(tmp_path / "new", standings(study([trial(0)])), {}).warning is None
    assert capfd.readouterr() == ("", "")
    with closing(sqlite3.connect(tmp_path / "new" / "mlflow.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
