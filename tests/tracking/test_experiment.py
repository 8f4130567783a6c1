"""A study's experiment: found again, restored where it was deleted, shared by several users; and its parent run."""

from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from stored import nested

from vaebench.data_sets.file import File
from vaebench.results.standings import standings
from vaebench.tracking.experiment import describe
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date


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


def test_a_study_called_as_mlflows_own_experiment_has_its_artifacts_in_the_home(home: Path) -> None:
    written = bring_up_to_date(home, standings(study([trial(0)], name="Default")), {})
    assert written.warning is None
    experiment = open_client(home).get_experiment(written.experiment_id)
    assert experiment.name == "Default (study)"
    assert experiment.artifact_location.startswith((home / "artifacts").as_uri())


def test_what_a_question_and_columns_say_is_shown_as_it_is() -> None:
    columns = ("<script>alert(1)</script>", "`a`", "x|y", "NO2 [µg/m³]", "mean_a_b")
    record = study([trial(0)])
    definition = replace(
        record.definition,
        question="# big\n![](http://evil.example/x.png) <b>a & b</b>",
        data_set=File("rows.csv", columns, "", 100),
    )
    shown = describe(replace(record, definition=definition), "gaussian")
    assert shown.startswith("\\# big \\!\\[\\](http://evil.example/x.png) &lt;b&gt;a &amp; b&lt;/b&gt;\n")
    names = "&lt;script&gt;alert(1)&lt;/script&gt;, \\`a\\`, x\\|y, NO2 \\[µg/m³\\], mean_a_b."
    assert f"Columns of the data: {names}\n" in shown
