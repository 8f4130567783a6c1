"""MLflow holds what the study record holds, whatever happened in between, and is left alone where it does already."""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import timed_result as result
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from small_studies import Heard, Substituting
from stored import complete, everything, nested, trials_with_a_model

from vaebench.files import study_folder
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.search.in_process import InProcess
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.artifacts import Artifacts, make_artifacts
from vaebench.tracking.ids import read_ids, run_ids, write_ids
from vaebench.tracking.store import database, open_client
from vaebench.tracking.sync import SHOWN, bring_up_to_date, is_up_to_date, sync

WRITING = "writing runs, plots and models to MLflow"


class Workers:
    """Workers that make artifacts of one byte, or fail at it, and remember for which trials they were asked."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error, self.asked = error, []

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Executor]:
        yield Substituting(InProcess(), {make_artifacts: self.make})

    def make(self, trial: TrialRecord, definition: StudyDefinition) -> Artifacts:
        self.asked.append(trial.number)
        if self.error is not None:
            raise self.error
        return Artifacts(("x",), {"README.md": b".", "generator.json": b'{"steps": []}'}, {"samples.csv": b"x"})


def written(home: Path, record: StudyRecord, workers: Callable[..., object] | None = None) -> list[list[int]]:
    """Let `sync` write a record; return how many pieces the step had that did it, and how many of them were done."""
    heard = Heard()
    if warning := sync(home, standings(record), workers or Workers(), heard):  # type: ignore[arg-type]
        logging.getLogger("vaebench").warning("%s", warning)
    assert set(heard.pieces) <= {WRITING}
    return list(heard.pieces.values())


def test_what_is_up_to_date_is_left_alone(home: Path) -> None:
    record = study([trial(0, confirmed=2), trial(1)], confirmed=2)
    assert not is_up_to_date(home, record)
    assert written(home, record) == [[2, 2]]
    assert is_up_to_date(home, record)
    before, workers = everything(home), Workers()
    assert written(home, record, workers) == []
    assert workers.asked == []
    assert everything(home) == before


@pytest.mark.parametrize(
    "changed",
    [
        study([trial(0, confirmed=2), trial(1), trial(2)], confirmed=2),
        study([trial(0, confirmed=2), trial(1, confirmed=2)], confirmed=2),
        study([trial(0, confirmed=2), trial(1)], confirmed=2, budget=7),
    ],
    ids=["a trial", "a confirmation", "the budget"],
)
def test_a_changed_record_is_written_again(home: Path, changed: StudyRecord) -> None:
    written(home, study([trial(0, confirmed=2), trial(1)], confirmed=2))
    assert not is_up_to_date(home, changed)
    (step,) = written(home, changed)
    assert step == [len(changed.trials)] * 2
    assert is_up_to_date(home, changed)
    assert complete(home) == len(changed.trials)


def test_another_store_is_written_to_and_the_first_is_then_not_known_to_be_up_to_date(
    home: Path, other_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = study([trial(0), trial(1)])
    written(home, record)
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database(other_home)}")
        assert not is_up_to_date(home, record)
        assert written(home, record) == [[2, 2]]
        assert is_up_to_date(home, record)
    assert complete(other_home) == 2
    assert not is_up_to_date(home, record)
    before = everything(home)
    assert written(home, record) == [[2, 2]]
    assert everything(home) == before
    assert is_up_to_date(home, record)


def test_a_database_that_was_deleted_is_written_anew(home: Path, other_home: Path) -> None:
    record = study([trial(0), trial(1)])
    written(home, record)
    database(home).rename(home / "kept.db")
    assert not is_up_to_date(home, record)
    (home / "kept.db").rename(database(home))
    assert is_up_to_date(home, record)
    ids = read_ids(home, "gaussian")  # of a home whose database is a new one, which MLflow has not opened before
    assert ids is not None
    write_ids(other_home, "gaussian", ids)
    assert written(other_home, record) == [[2, 2]]
    assert complete(other_home) == 2
    assert trials_with_a_model(other_home) == {0, 1}
    assert set(run_ids(other_home, "gaussian").values()).isdisjoint(ids.trials.values())


def test_the_best_trials_alone_have_models(home: Path) -> None:
    record, workers = study([trial(number) for number in range(7)] + [trial(7, reason="overflow")]), Workers()
    best = [row.trial.number for row in standings(record).ranked[:SHOWN] if row.trial]
    assert written(home, record, workers) == [[SHOWN, SHOWN]]
    assert trials_with_a_model(home) == set(workers.asked) == set(best)
    champion = open_client(home).get_model_version_by_alias("gaussian", "champion")
    assert champion.run_id == run_ids(home, "gaussian")[best[0]]


@pytest.mark.parametrize(
    "error", [CancelledError(), MemoryError("no room"), RuntimeError("its workers died")], ids=repr
)
def test_artifacts_that_cannot_be_made_are_a_warning_and_are_made_the_next_time(
    home: Path, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    record = study([trial(0), trial(1)])
    with caplog.at_level(logging.WARNING, "vaebench"):
        written(home, record, Workers(error))
    (warning,) = caplog.messages
    assert f"trial 0 could not be shown: {type(error).__name__}" in warning
    assert warning.endswith("; the study itself is safe, and `vaebench sync gaussian` adds what is missing there")
    assert complete(home) == 2, "the figures are there"
    ids = read_ids(home, "gaussian")
    assert ids is not None
    assert open_client(home).get_run(ids.parent_run).info.status == "FINISHED", "and the study's page"
    assert not is_up_to_date(home, record)
    caplog.clear()
    written(home, record)
    assert caplog.messages == []
    assert trials_with_a_model(home) == {0, 1}
    assert is_up_to_date(home, record)


def test_workers_that_cannot_be_started_are_a_warning(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    def gone() -> Executor:
        raise OSError("no worker answers")

    with caplog.at_level(logging.WARNING, "vaebench"):
        written(home, study([trial(0)]), gone)
    (warning,) = caplog.messages
    assert "no worker answers" in warning
    assert complete(home) == 1


def test_a_store_that_is_down_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database(tmp_path).mkdir()
    with caplog.at_level(logging.WARNING, "vaebench"):
        written(tmp_path, study([trial(0)]))
    (warning,) = caplog.messages
    assert warning.startswith(f"MLflow at sqlite:///{database(tmp_path)} is not up to date (")
    assert not is_up_to_date(tmp_path, study([trial(0)]))


def test_a_second_time_changes_nothing(home: Path) -> None:
    trials = [trial(0, confirmed=2), trial(1), trial(2, reason="overflow")]
    bring_up_to_date(home, standings(study(trials, confirmed=2)), {})
    before = everything(home)
    assert (
        len(before) == 2 + 1 + 3 + 3
    )  # experiments (MLflow's own default is one), the parent, trials, baselines and noise floor
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


def test_a_new_home_is_made_quietly_and_lets_the_ui_read_while_it_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bring_up_to_date(tmp_path / "new", standings(study([trial(0)])), {}).warning is None
    assert capfd.readouterr() == ("", "")
    with closing(sqlite3.connect(tmp_path / "new" / "mlflow.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("damage", ["lost", "empty", "another's"])
def test_ids_that_are_lost_are_found_again(home: Path, damage: str) -> None:
    record = study([trial(0), trial(1)])
    RecordStore.create_or_open(home, record.definition)
    written(home, record)
    before, file = read_ids(home, "gaussian"), study_folder(home, "gaussian") / "mlflow.json"
    if damage == "lost":
        file.unlink()
    else:
        file.write_text("" if damage == "empty" else "[1]")
    written(home, record)
    after = read_ids(home, "gaussian")
    assert before is not None
    assert after == before
    assert complete(home) == 2
