"""A disk that is full, in the middle of a study: one message, nothing that is finished is lost, and it goes on."""

import logging
from pathlib import Path

import pytest
from cheap_evaluations import cheap, scale
from hand_made import timed_study, timed_trial
from small_disk import resize, small_disk
from small_studies import STUDY, evaluated_by, go, timeless

from vaebench.files import study_folder
from vaebench.results.standings import standings
from vaebench.search.run import run
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import load
from vaebench.tracking.live import LiveTracking
from vaebench.tracking.store import database
from vaebench.tracking.sync import bring_up_to_date


@pytest.fixture
def definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StudyDefinition:
    monkeypatch.setattr("vaebench.search.run.begin_attainable", scale)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "study.toml").write_text(STUDY)
    return load(tmp_path / "study.toml")


FULL = r"journal\.log: the record cannot be written \(No space left on device\); what is finished is kept"


@pytest.mark.parametrize("kilobytes", [4, 16, 28, 40])
def test_a_record_that_cannot_be_written_ends_the_run_and_goes_on_with_room(
    definition: StudyDefinition, tmp_path: Path, kilobytes: int
) -> None:
    undisturbed = timeless(go(definition, tmp_path / "undisturbed"))
    with small_disk(tmp_path / "disk", kilobytes) as home:
        journal = study_folder(home, "small") / "journal.log"
        with pytest.raises(OSError, match=FULL):
            go(definition, home)
        before = journal.read_bytes()
        assert before[-1:] in (b"", b"\n"), "no half lines"
        with pytest.raises(OSError, match=FULL):
            go(definition, home)
        assert journal.read_bytes() == before
        if b'"definition"' in before:
            trials = RecordStore.open(home, "small").record().trials
            done = undisturbed.trials[: len(trials)]
            assert [(trial.params, trial.results[0].metrics) for trial in trials] == [
                (trial.params, trial.results[0].metrics) for trial in done
            ]
        resize(home, 1000)
        assert timeless(go(definition, home)) == undisturbed
        assert [path.name for path in journal.parent.iterdir()] == ["journal.log"]


def test_mlflow_without_room_is_one_warning_and_is_written_with_room(
    definition: StudyDefinition, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Too little for its tables: what is half made could not be opened any more."""
    with small_disk(tmp_path / "disk", 900) as home:
        with caplog.at_level(logging.WARNING, "vaebench"), LiveTracking(home) as live:
            record = run(definition, home=home, executors=evaluated_by(cheap), observer=live, trials=4, confirm=False)
        assert len(record.trials) == 4
        (warning,) = caplog.messages
        assert "database or disk is full" in warning
        assert not database(home).exists()
        rows = standings(RecordStore.open(home, "small").record())
        resize(home, 100_000)
        written = bring_up_to_date(home, rows, {})
        assert written.warning is None
        assert sorted(written.run_ids) == [0, 1, 2, 3]


def test_a_full_disk_in_the_middle_of_writing_to_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    rows = standings(timed_study([timed_trial(number) for number in range(60)]))
    with small_disk(tmp_path / "disk", 3_000) as home:
        full = bring_up_to_date(home, rows, {})
        assert full.warning is not None
        assert "full" in full.warning or "No space left on device" in full.warning
        resize(home, 100_000)
        written = bring_up_to_date(home, rows, {})
        assert written.warning is None
        assert sorted(written.run_ids) == list(range(60))
