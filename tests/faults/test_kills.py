"""Whatever of it is killed, a study comes to the same end: the short form of experiments/faults/faults.py."""

import random
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "faults"


@pytest.mark.slow
def test_a_study_whose_processes_are_killed_ends_as_one_that_was_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.syspath_prepend(str(FOLDER))
    from kills import Study

    file = FOLDER / "faults.toml"
    left_alone = Study(file, tmp_path / "left alone", workers=1)
    left_alone.run()
    killed = Study(file, tmp_path / "killed", workers=1)
    killed.disturb(random.Random(10), span=8, most=4)
    assert killed.kills
    assert killed.complaints(left_alone.leaderboard()) == []
