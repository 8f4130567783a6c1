"""The search hands trials over and goes on, whatever MLflow does."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from cheap_evaluations import cheap, scale
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from small_studies import STUDY, evaluated_by
from stored import complete, trial_runs
from tracking_server import wait_until

from vaebench.results.standings import standings
from vaebench.scoring.score import mean_metrics, mean_score
from vaebench.search.events import Event, NothingToDo, SearchStarted, TrialFinished, TrialsToCome
from vaebench.search.run import run
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import load
from vaebench.tracking.live import LiveTracking, LiveWriter
from vaebench.tracking.store import database, open_client
from vaebench.tracking.sync import bring_up_to_date


@pytest.fixture
def definition(tmp_path: Path) -> StudyDefinition:
    (tmp_path / "study.toml").write_text(STUDY)
    return load(tmp_path / "study.toml")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a home whose database cannot be opened."""
    folder = tmp_path / "broken"
    database(folder).mkdir(parents=True)
    return folder


def writers() -> list[psutil.Process]:
    """Return the processes of ours that write into MLflow."""
    children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in children if any("tracking.writer_process" in word for word in child.cmdline())]


def test_a_search_is_in_mlflow_when_the_block_ends(
    home: Path, definition: StudyDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaebench.search.run.begin_attainable", scale)
    for trials in (6, 9):  # the second time it goes on
        with LiveTracking(home) as live:
            record = run(
                definition, home=home, executors=evaluated_by(cheap), observer=live, trials=trials, confirm=False
            )
        runs = {
            int(found.data.tags["vaebench.trial"].removeprefix("small/")): found for found in trial_runs(home, "small")
        }
        assert sorted(runs) == [finished.number for finished in record.trials] == list(range(trials))
        for finished in record.trials:
            found = runs[finished.number]
            assert found.info.status == "FINISHED"
            assert found.data.params["latent_dim"] == str(finished.params["latent_dim"])
            assert found.data.metrics["score"] == mean_score(finished.results, record.attainable)
            assert found.data.metrics["exact"] == mean_metrics(finished.results)["exact"]
    assert writers() == []


@pytest.mark.parametrize(
    "events",
    [
        [],
        [SearchStarted(study([trial(0)]), 1), NothingToDo(study([trial(0)]))],
        [TrialFinished(trial(0))],
    ],
    ids=["no event", "nothing to do", "no search"],
)
def test_nothing_is_begun_where_no_trial_is_to_come(tmp_path: Path, events: list[Event]) -> None:
    with LiveTracking(tmp_path) as live:
        for event in events:
            live(event)
        assert writers() == []
    assert list(tmp_path.iterdir()) == []


def interrupted(home: Path, trials: int) -> None:
    with LiveTracking(home) as live:
        live(TrialsToCome(study([])))
        for number in range(trials):
            live(TrialFinished(trial(number)))
        raise ConnectionError("the workers are gone")


def test_a_store_that_is_down_is_said_once_and_at_once(broken: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "vaebench"), LiveTracking(broken) as live:
        live(TrialsToCome(study([])))
        live(TrialFinished(trial(0)))
        wait_until(lambda: live.said is not None, "it is said while the search runs")
        live(TrialFinished(trial(1)))
    assert caplog.messages == [live.said]
    assert live.said.endswith("; the study itself is safe, and `vaebench sync gaussian` adds what is missing there")


def test_an_error_in_the_block_is_no_word_of_a_store_that_is_there(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "vaebench"), pytest.raises(ConnectionError):
        interrupted(home, trials=1)
    assert caplog.messages == []
    assert complete(home) == 1, "what is finished is written before the block ends"


def test_submitted_trials_are_written_when_it_closes(home: Path) -> None:
    trials = [trial(3), trial(0), trial(1), trial(2, reason="overflow")]
    writer = LiveWriter(home, study([]))
    assert len(writers()) == 1
    for submitted in trials:
        writer.submit(submitted)
    assert (writer.close(), writer.said) == (0, None)
    assert complete(home) == 4
    client = open_client(home)
    (parent,) = client.search_runs(["1"], "tags.`vaebench.kind` = 'study'")
    assert parent.info.status == "RUNNING"  # until `sync` sums the study up
    best = client.get_metric_history(parent.info.run_id, "best_ks")
    assert sorted((point.step, point.value) for point in best) == [(1, pytest.approx(0.055)), (4, pytest.approx(0.065))]
    written = bring_up_to_date(home, standings(study(trials)), {})
    assert complete(home) == 4
    assert written.parent_run_id == parent.info.run_id
    assert client.get_run(parent.info.run_id).info.status == "FINISHED"


def test_it_goes_on_from_what_there_is(home: Path) -> None:
    first = bring_up_to_date(home, standings(study([trial(0)])), {})
    writer = LiveWriter(home, study([trial(0)]))
    writer.submit(trial(0))
    writer.submit(trial(1))
    assert (writer.close(), writer.said) == (0, None)
    second = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {})
    assert second.run_ids[0] == first.run_ids[0]
    assert complete(home) == 2


def test_a_broken_store_is_one_line_of_warning(broken: Path) -> None:
    writer = LiveWriter(broken, study([]))
    writer.submit(trial(0))
    writer.submit(trial(1))
    assert writer.close() == 2
    assert writer.said is not None
    assert "\n" not in writer.said


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
    wait_until(lambda: len(trial_runs(home)) == 2, "the second run is begun")
    writer.submit(trial(2))
    assert writer.close() > 0
    assert writer.said is not None
    assert "database or disk is full" in writer.said
    assert complete(home) < 3
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        database.execute("DROP TRIGGER full")
    assert bring_up_to_date(home, standings(study([trial(number) for number in range(3)])), {}).warning is None
    assert complete(home) == 3
