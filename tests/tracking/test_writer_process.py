"""The process that writes into MLflow: killed, disturbed, or without a server, it costs the search nothing."""

import os
import signal
from pathlib import Path

import pytest
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from stored import complete
from tracking_server import free_port, serving, wait_until

from vaebench.results.standings import standings
from vaebench.tracking.ids import run_ids
from vaebench.tracking.live import LiveWriter
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date


def test_a_killed_writer_is_a_warning_and_is_caught_up(home: Path) -> None:
    writer = LiveWriter(home, study([]))
    writer.submit(trial(0))
    wait_until(lambda: complete(home) == 1, "the first trial is written")
    os.kill(writer._process._process.pid, signal.SIGKILL)
    writer.submit(trial(1))
    writer.submit(trial(2))
    assert writer.close() == 2
    assert writer.said == "the process that writes into MLflow ended with status -9"
    assert bring_up_to_date(home, standings(study([trial(number) for number in range(3)])), {}).warning is None
    assert complete(home) == 3


def test_what_prints_does_not_disturb_the_writer(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the user's that is called like one of Python's, and prints, stands first on the path."""
    (tmp_path / "sitecustomize.py").write_text("import atexit\nprint('hello')\natexit.register(print, 'bye')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    writer = LiveWriter(home, study([]))
    writer.submit(trial(0))
    assert (writer.close(), writer.said) == (0, None)
    assert complete(home) == 1


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
        wait_until(lambda: complete(user) == 2, "two trials are written")
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    for submitted in trials[2:]:
        writer.submit(submitted)
    assert writer.close() == 3
    assert writer.said is not None
    assert f"127.0.0.1:{port}" in writer.said
    down = bring_up_to_date(user, standings(study(trials)), {})
    assert down.warning is not None
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with serving(home, port) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
        caught_up = bring_up_to_date(user, standings(study(trials)), {})
        assert caught_up.warning is None
        assert complete(user) == 5
        assert sorted(run_ids(user, "gaussian")) == [0, 1, 2, 3, 4]
        assert bring_up_to_date(user, standings(study(trials)), {}) == caught_up
        assert complete(user) == 5
        names = {item.path for item in open_client(user).list_artifacts(caught_up.parent_run_id)}
        assert "leaderboard.csv" in names
