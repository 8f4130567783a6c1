"""The order of a study's rows, and which trial is chosen. Ranks and ties: test_leaderboard.py."""

from dataclasses import replace

import pytest
from hand_made import ERRORS, baseline, floor, record, trial

from vaebench.errors import InputError
from vaebench.results.leaderboard import leaderboard
from vaebench.results.optimism import optimism
from vaebench.results.standings import Standings, standings
from vaebench.results.summary import summary, worth
from vaebench.results.table import lines
from vaebench.study.records import Attainable, BaselineRecord, Result
from vaebench.tracking.runs import confirmed_metrics


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


# ---- the race

LUCK = [0.1 * (7 * draw % 10) for draw in range(20)]


@pytest.fixture
def raced() -> Standings:
    """Return a study whose trials 1 and 2 are eliminated after 10 of 20 draws, though these are luckier."""
    draws = [2 + luck for luck in LUCK[:10]] + [5 + luck for luck in LUCK[10:]]
    worse = [[1.1 * score + 1 + other for score in draws[:10]] for other in (0.5, 0.0)]
    study = record(
        trial(0, [1.5], draws, arm="a"),
        trial(1, [1.4], worse[0], arm="b"),
        trial(2, [1.3], worse[1], arm="c"),
        trial(3, [0.9], arm="a"),
        baselines=[baseline("gaussian", [1.0], [1 + luck for luck in LUCK])],
    )
    return standings(replace(study, definition=replace(study.definition, defaults=4, confirm_top=3)))


def test_eliminated_trials_come_after_those_that_went_on_whatever_their_draws(raced: Standings) -> None:
    assert [(row.name, row.status) for row in raced.rows if not row.trial] == [("gaussian", "confirmed")]
    assert [row.trial.number for row in raced.ranked if row.trial] == [0, 2, 1, 3]
    assert [row.status for row in raced.ranked] == ["confirmed", "eliminated", "eliminated", "searched"]
    assert [len(row.scores) for row in raced.ranked] == [20, 10, 10, 1]
    assert raced.row(2).scores < raced.row(0).scores[10:], "on other draws, which are no comparison"
    assert raced.row(1).eliminated == "plainly worse than trial 0 on the first 10 of 20 draws: 4.2 against 2.45"
    assert [raced.tied(raced.row(number), raced.row(0)) for number in (0, 1, 2)] == [True, None, None]


def test_of_an_eliminated_trial_it_is_said_that_it_is_and_of_arms_too(raced: Standings) -> None:
    assert worth(raced, 1).endswith(f"It got no more, since it is {raced.row(1).eliminated}.")
    assert "score 4.20 on 10 fresh draws" in worth(raced, 1)
    told = (
        "Of the arms, each by its best trial and a paired test: a (trial 0, 3.95) is best; "
        "plainly worse on the first draws, so it got no more: c (trial 2, 3.70), b (trial 1, 4.20)."
    )
    assert told in summary(raced)


def test_selection_optimism_is_measured_on_the_draws_that_all_of_them_have(raced: Standings) -> None:
    found = optimism(raced)
    assert found is not None
    assert (found.trials, found.among) == (3, 10)
    assert found.draws == pytest.approx(1 + sum(LUCK[:10]) / 10 - 1.0)
    assert found.confirmed == pytest.approx((2.45 + 4.195 + 3.695) / 3)
    assert any("on the first 10 fresh draws" in line for line in summary(raced))


def test_without_a_race_rows_with_fewer_draws_are_compared_as_ever(raced: Standings) -> None:
    study = raced.record
    before = standings(replace(study, definition=replace(study.definition, defaults=3)))
    assert [row.trial.number for row in before.ranked if row.trial] == [2, 0, 1, 3]
    assert {row.status for row in before.ranked} == {"confirmed", "searched"}


def test_the_table_and_the_csv_say_on_how_many_draws(raced: Standings) -> None:
    frame = leaderboard(raced)
    trials = frame[frame["kind"] == "trial"].set_index("trial")
    assert trials["replicates"].to_dict() == {0: 20, 1: 10, 2: 10, 3: 1}
    assert trials["status"].to_dict() == {0: "confirmed", 1: "eliminated", 2: "eliminated", 3: "searched"}
    assert trials.loc[1, "reason"] == raced.row(1).eliminated
    assert trials["tied_with_best"].isna().to_dict() == {0: False, 1: True, 2: True, 3: True}
    headings = [line.heading for line in lines(frame, 5)]
    early = "not comparable: on the first 10 draws alone, plainly worse there than the best"
    assert headings == ["", "", early, early, "not comparable: searched, on other draws, and partly luck"]
    rows = {row["trial"]: confirmed_metrics(row) for row in trials.reset_index().to_dict(orient="records")}
    assert "confirmed.score" in rows[0]
    assert "eliminated.score" in rows[1]
    assert not any(name.startswith("confirmed.") for name in rows[1]), "MLflow sorts by it"
