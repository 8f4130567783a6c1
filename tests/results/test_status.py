"""How far studies are, a row each."""

from dataclasses import replace

import pandas as pd
import pytest
from hand_made import record, trial

from vaebench.results.standings import standings
from vaebench.results.status import status_of
from vaebench.study.records import StudyRecord


def named(study: StudyRecord, name: str, trials: int) -> StudyRecord:
    return replace(study, definition=replace(study.definition, name=name, trials=trials))


def test_a_study_in_the_middle_one_at_its_start_and_one_that_failed() -> None:
    middle = named(record(trial(0, [1.0], [1.2, 1.4]), trial(1, [0.9]), trial(2, [None])), "middle", 20)
    start = named(record(), "start", 5)
    failed = named(record(trial(0, [None])), "failed", 1)
    frame = status_of([standings(study) for study in (middle, start, failed)])
    assert frame.drop(columns=["best_trial", "score", "problem"]).to_numpy().tolist() == [
        ["middle", 3, 20, 1, 1],
        ["start", 0, 5, 0, 0],
        ["failed", 1, 1, 1, 0],
    ]
    assert frame["best_trial"].tolist() == [0, pd.NA, pd.NA]
    assert frame["score"][0] == pytest.approx(1.3)
    assert frame["score"][1:].isna().all()
    assert frame["problem"].isna().all()


def test_the_target_counts_every_arm_and_is_never_below_what_there_is() -> None:
    arms = [trial(number, [1.0], arm=f"variant={'ae' if number % 2 else 'vae'}") for number in range(6)]
    assert status_of([standings(named(record(*arms), "arms", 10))])["target"].tolist() == [20]
    assert status_of([standings(named(record(*arms), "arms", 2))])["target"].tolist() == [6]


def test_no_study_is_an_empty_frame_of_the_same_columns() -> None:
    whole = status_of([standings(record(trial(0, [1.0])))])
    empty = status_of([])
    assert empty.empty
    assert list(empty.columns) == list(whole.columns)
    assert empty.dtypes[["best_trial", "score"]].equals(whole.dtypes[["best_trial", "score"]])
