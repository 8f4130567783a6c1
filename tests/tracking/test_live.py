"""The search hands trials over and goes on, whatever MLflow does."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from tracking_server import free_port, serving, wait_until

from vaebench.results.standings import standings
from vaebench.tracking.ids import run_ids
from vaebench.tracking.live import LiveWriter
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date


def runs(home: Path) -> list[Any]:
    """Return the runs of trials, complete or not."""
    client = open_client(home)
    experiment = client.get_experiment_by_name("gaussian")
    found = experiment and client.search_runs([experiment.experiment_id], "tags.`vaebench.kind` = 'trial'")
    return list(found or [])


def finished(home: Path) -> int:
    """Count the trials that MLflow holds complete."""
    return sum(run.info.status in ("FINISHED", "FAILED") for run in runs(home))


def test_submitted_trials_are_written_when_it_closes(home: Path) -> None:
    trials = [trial(3), trial(0), trial(1), trial(2, reason="overflow")]
    writer = LiveWriter(home, study([]))
    for one in trials:
        writer.submit(one)
    assert writer.close() is None
    assert finished(home) == 4
    client = open_client(home)
    (parent,) = client.search_runs(["1"], "tags.`vaebench.kind` = 'study'")
    assert parent.info.status == "RUNNING"  # until `sync` sums the study up
    best = client.get_metric_history(parent.info.run_id, "best_ks")
    assert sorted((one.step, one.value) for one in best) == [(1, pytest.approx(0.065)), (2, pytest.approx(0.055))]
    written = bring_up_to_date(home, standings(study(trials)), {})
    assert finished(home) == 4
    assert written.parent_run_id == parent.info.run_id
    assert client.get_run(parent.info.run_id).info.status == "FINISHED"


def test_it_goes_on_from_what_there_is(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0)])), {})
    writer = LiveWriter(home, study([trial(0)]))
    writer.submit(trial(0))
    writer.submit(trial(1))
    assert writer.close() is None
    second = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    assert second.run_ids[0] == first.run_ids[0]
    assert finished(home) == 2


def test_a_broken_store_is_one_line_of_warning(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database at all" * 1000)
    writer = LiveWriter(tmp_path, study([]))
    writer.submit(trial(0))
    writer.submit(trial(1))
    warning = writer.close()
    assert warning is not None
    assert "missing there: 2" in warning
    assert "\n" not in warning


def test_a_full_disk_is_a_warning_and_is_caught_up(home: Path) -> None:
    """A trigger makes the database refuse the second run as a full disk would, with SQLite's own words."""
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON params WHEN new.value = '2' AND new.key = 'latent_dim' "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        database.commit()
    writer = LiveWriter(home, study([]))
    writer.submit(trial(0))
    writer.submit(trial(1))
    wait_until(lambda: len(runs(home)) == 2, "the second run is begun")
    writer.submit(trial(2))
    warning = writer.close()
    assert warning is not None
    assert "database or disk is full" in warning
    assert finished(home) < 3
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        database.execute("DROP TRIGGER full")
    assert bring_up_to_date(home, standings(study([trial(number) for number in range(3)])), {}).warning is None
    assert finished(home) == 3


def test_a_killed_writer_is_a_warning_and_is_caught_up(home: Path) -> None:
    writer = LiveWriter(home, study([]))
    writer.submit(trial(0))
    wait_until(lambda: finished(home) == 1, "the first trial is written")
    os.kill(writer._writer._process.pid, signal.SIGKILL)
    writer.submit(trial(1))
    writer.submit(trial(2))
    assert writer.close() == (
        "the process that writes into MLflow ended with status -9; trials missing there: 2, added at the next chance"
    )
    assert bring_up_to_date(home, standings(study([trial(number) for number in range(3)])), {}).warning is None
    assert finished(home) == 3


def test_what_prints_does_not_disturb_the_writer(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's that is called like one of Python's, and prints, stands first on the path."""
    (tmp_path / "sitecustomize.py").write_text("import atexit\nprint('hello')\natexit.register(print, 'bye')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    writer = LiveWriter(home, study([]))
    writer.submit(trial(0))
    assert writer.close() is None
    assert finished(home) == 1


@pytest.mark.slow
def test_a_server_killed_in_the_middle_is_caught_up(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    user = tmp_path / "user"
    trials = [trial(number) for number in range(5)]
    with serving(home, port) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        writer = LiveWriter(user, study([]))
        writer.submit(trials[0])
        writer.submit(trials[1])
        wait_until(lambda: finished(user) == 2, "two trials are written")
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    for one in trials[2:]:
        writer.submit(one)
    warning = writer.close()
    assert warning is not None
    assert f"127.0.0.1:{port}" in warning
    assert "missing there: 3" in warning
    down = bring_up_to_date(user, standings(study(trials)), {})
    assert down.warning is not None
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with serving(home, port) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        caught_up = bring_up_to_date(user, standings(study(trials)), {})
        assert caught_up.warning is None
        assert finished(user) == 5
        assert sorted(run_ids(user, "gaussian")) == [0, 1, 2, 3, 4]
        assert bring_up_to_date(user, standings(study(trials)), {}) == caught_up
        assert finished(user) == 5
        names = {item.path for item in open_client(user).list_artifacts(caught_up.parent_run_id)}
        assert "leaderboard.csv" in names
