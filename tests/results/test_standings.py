"""The order of a study's rows, and which trial is chosen. Ranks and ties: test_leaderboard.py."""

from dataclasses import replace

import pytest
from hand_made import ERRORS, baseline, floor, record, trial

from vaebench.errors import InputError
from vaebench.results.standings import Standings, standings
from vaebench.results.summary import summary
from vaebench.study.records import Attainable, BaselineRecord, Result


@pytest.fixture
def rows() -> Standings:
    """Return confirmed, searched, pruned and failed rows; the luckier a row was in the search, the worse it is."""
    pruned = replace(trial(3, [0.1]), pruned="plainly worse than trial 0")
    return standings(
        record(
            trial(0, [0.9], [1.5, 1.7]),
            trial(1, [0.8], [1.2, 1.4]),
            trial(2, [0.5, 0.7]),
            pruned,
            trial(4, [0.2, None]),
            trial(5, [0.3], [1.0, None]),
            baselines=[baseline("gaussian", [1.0], [1.3, 1.3]), floor([0.1], [0.1, 0.1]), baseline("kde", [0.6])],
        )
    )


def test_confirmed_rows_come_first_then_searched_pruned_and_failed_ones(rows: Standings) -> None:
    names = [str(row.trial.number) if row.trial else row.name for row in rows.rows]
    assert names == ["truth", "1", "gaussian", "0", "2", "kde", "3", "4", "5"], "of equal rows the trial comes first"
    assert [row.status for row in rows.rows] == ["confirmed"] * 4 + ["searched"] * 2 + ["pruned"] + ["failed"] * 2


def test_figures_are_over_the_replicates_that_the_status_says(rows: Standings) -> None:
    scores = {row.trial.number: row.scores for row in rows.rows if row.trial}
    expected = {0: (1.5, 1.7), 1: (1.2, 1.4), 2: (0.5, 0.7), 3: (0.1,), 4: (), 5: ()}
    assert scores == {number: pytest.approx(values) for number, values in expected.items()}


def test_trials_alone_are_ranked_and_the_first_is_the_best(rows: Standings) -> None:
    assert [row.trial.number for row in rows.ranked if row.trial] == [1, 0, 2, 3]
    assert rows.best is not None
    assert rows.best.number == rows.choose(None).number == 1


def test_any_trial_that_did_not_fail_can_be_chosen(rows: Standings) -> None:
    assert rows.choose(3).number == 3
    with pytest.raises(
        InputError, match=r"^trial 5 of study 'hand-made' failed in its confirmation: loss is NaN in epoch 3$"
    ):
        rows.choose(5)
    with pytest.raises(InputError, match=r"^trial 4 of study 'hand-made' failed: loss is NaN in epoch 3$"):
        rows.choose(4)
    with pytest.raises(InputError, match=r"has no trial 6: they are 0 to 5$"):
        rows.choose(6)


def test_without_a_trial_there_is_no_best() -> None:
    for study, words in ((record(), "has no trial yet"), (record(trial(0, [None])), "has no trial that did not fail")):
        assert standings(study).best is None
        with pytest.raises(InputError, match=words):
            standings(study).choose(None)


def test_a_row_without_any_replicate_has_failed() -> None:
    (row,) = standings(record(baselines=[BaselineRecord("kde", "baseline", search=())])).rows
    assert (row.status, row.failure, row.scores) == ("failed", "no replicate", ())


@pytest.mark.parametrize(
    ("attainable", "metrics", "words"),
    [
        (Attainable({"ks": 0.05, "mean_error": 1.0}), ERRORS, "not numbers above 0"),
        (Attainable({**ERRORS, "ks": 0.0}), ERRORS, "not numbers above 0"),
        (Attainable({**ERRORS, "ks": float("nan")}), ERRORS, "not numbers above 0"),
        (Attainable(ERRORS, {"ks": 0.1}, "gaussian", 60), ERRORS, "attainable errors are incomplete"),
        (Attainable(ERRORS), {"ks": 0.1}, "neither metrics nor a reason"),
        (Attainable(ERRORS), {**ERRORS, "ks": float("inf")}, "neither metrics nor a reason"),
    ],
)
def test_a_record_without_what_scores_are_made_of_is_damaged(attainable, metrics, words):
    study = record(replace(trial(0, [1.0]), results=(Result(metrics=metrics),)))
    with pytest.raises(InputError, match=rf"record of study 'hand-made' is damaged \(.*{words}.*--fresh"):
        standings(replace(study, attainable=attainable))


def test_rows_of_unequal_numbers_of_draws_are_compared_on_those_they_share() -> None:
    """As an interrupted `confirm --replicates` leaves them."""
    luck = [0.01 * (index % 5) for index in range(25)]
    arms = ["variant=ae", "variant=vae"]
    first = trial(0, [0.9], [1.0 + value for value in luck[:12]], arms[0])
    second = trial(1, [0.9], [1.1 + 0.5 * value for value in luck], arms[1])
    cut = trial(1, [0.9], [1.1 + 0.5 * value for value in luck[:12]], arms[1])
    interrupted, even = (standings(record(first, other)) for other in (second, cut))
    assert interrupted.tied(interrupted.row(0), interrupted.row(1)) is False
    assert even.tied(even.row(0), even.row(1)) is False
    said = "variant=ae (trial 0, 1.02) is best; worse: variant=vae (trial 1, 1.11)"
    assert any(said in line for line in summary(interrupted))
