"""What a leaderboard says, in sentences."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_made import ERRORS, baseline, floor, record, result, trial
from rich.console import Console

from vaebench.data_sets.file import File
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.results.summary import answer, summary, worth
from vaebench.results.table import table
from vaebench.study.records import Diagnosis, Finding

NOISE = np.linspace(-0.2, 0.2, 8)
LEFT_OUT = trial(99, [5.0, 5.0])
"""A trial that was not chosen for the confirmation."""


def test_nothing_is_said_of_nothing() -> None:
    assert summary(standings(record())) == []


def test_an_unconfirmed_winner_is_said_to_be_lucky() -> None:
    (only,) = summary(standings(record(trial(0, [0.6, 0.7, 0.65]), baselines=[baseline("gaussian", [1.0, 1.1, 1.0])])))
    assert "Best: trial 0 (vae), score 0.65 on 3 search draws" in only
    assert only.endswith(
        " It is not confirmed: the best of many trials is the luckiest, too. "
        "Beside it on these draws: gaussian, the best baseline that copies no rows (1.03)."
    )


def test_too_few_draws_are_said_to_be_too_few() -> None:
    few = record(trial(0, [1.0], [0.6] * 5), baselines=[baseline("gaussian", [1.0], [1.0] * 5)])
    assert (
        "These draws are too few to test it against gaussian, the best baseline that copies no rows (1.00)."
        in summary(standings(few))[0]
    )


def test_what_is_no_more_than_its_error_is_said_to_be_unsure() -> None:
    baselines = [baseline("gaussian", [0.9, 1.1], [1.0] * 8)]
    sure, unsure = (
        next(
            line
            for line in summary(standings(record(trial(0, search, [1.5] * 8), LEFT_OUT, baselines=baselines)))
            if "luck" in line
        )
        for search in ([0.9, 1.1], [1.0, 1.9])
    )
    assert sure.endswith(" The rest, +0.50 (standard error 0.00), is selection optimism, the luck of being chosen.")
    assert unsure.endswith(
        "(standard error 0.35), is selection optimism, the luck of being chosen, not surely more than none."
    )


def test_arms_are_compared_by_their_best_trials() -> None:
    study = record(
        trial(0, [1.0], 1.0 + NOISE, arm="variant=ae"),
        trial(1, [1.0], 1.5 + NOISE / 2, arm="variant=vae"),
        trial(2, [1.0], 1.8 + NOISE, arm="variant=vae"),
        trial(3, [1.0], 1.05 - NOISE, arm="variant=other"),
        trial(4, [1.0, None], arm="variant=broken"),
        trial(5, [1.2], arm="variant=late"),
    )
    (said,) = [line for line in summary(standings(study)) if line.startswith("Of the arms")]
    assert said.endswith(
        ": variant=ae (trial 0, 1.00) is best; cannot be told from it: variant=other (trial 3, 1.05); "
        "worse: variant=vae (trial 1, 1.50); not confirmed: variant=late (trial 5, 1.20)."
    )
    assert not any("Of the arms" in line for line in summary(standings(record(study.trials[0]))))


def test_arms_that_are_not_confirmed_are_not_tested() -> None:
    study = record(trial(0, [1.2] * 8, arm="variant=ae"), trial(1, [1.0] * 8, arm="variant=vae"))
    assert (
        "Of the arms, each by its best trial, none of them confirmed: "
        "variant=vae (trial 1, 1.00), variant=ae (trial 0, 1.20)."
    ) in summary(standings(study))


def test_the_best_of_many_is_not_called_better_for_being_the_luckiest() -> None:
    """Equal trials, each lucky on some draws: one alone would be told from the baseline, one of ten is not."""
    random = np.random.default_rng(0)
    trials = [trial(number, [1.0], random.normal(1, 0.1, size=25)) for number in range(10)]
    means = [np.mean([result.metrics["ks"] for result in one.confirmation]) for one in trials]
    best = trials[int(np.argmin(means))]
    baselines = [baseline("gaussian", [1.0], random.normal(1.05, 0.1, size=25))]
    (alone, *_), (of_ten, *_) = (
        summary(standings(record(*(replace(one, number=place) for place, one in enumerate(some)), baselines=baselines)))
        for some in ([best], trials)
    )
    assert "By a paired test it is better than gaussian" in alone
    assert "A paired test cannot tell it from gaussian" in of_ten


@pytest.mark.parametrize(("level", "word"), [(1.0, "harder"), (0.9, "as hard"), (0.8, "easier")])
def test_the_luck_of_being_chosen_is_told_from_the_draws_difficulty(level: float, word: str) -> None:
    baselines = [baseline("gaussian", [0.85, 0.95], level + NOISE)]
    trials = [trial(number, [0.7, 0.8], 1.0 + NOISE) for number in (1, 2)]
    lines = summary(standings(record(*trials, LEFT_OUT, baselines=baselines)))
    said = next(line for line in lines if "optimism" in line)
    assert said.startswith("The 2 best trials of the search scored 0.75 there and 1.00 on fresh draws. ")
    assert f"By what gaussian changed, {level - 0.9:+.2f}, these are {word}." in said
    assert f"The rest, {0.25 - (level - 0.9):+.2f} (standard error 0.00), is selection optimism" in said


@pytest.mark.parametrize(
    ("own", "verdict"),
    [(1.0, "cannot tell it from"), (0.7, "it is better than"), (1.5, "it is worse than")],
    ids=["tie", "win", "loss"],
)
def test_the_best_stands_beside_the_best_baseline(own: float, verdict: str) -> None:
    baselines = [baseline("gaussian", [1.0], 1.0 + NOISE[::-1]), baseline("kde", [1.0], [1.6] * 8)]
    first, second = summary(standings(record(trial(4, [0.8], own + NOISE / 2), LEFT_OUT, baselines=baselines)))
    assert first.startswith(f"Best: trial 4 (vae), score {own:.2f} on 8 fresh draws, 95 % interval")
    assert first.endswith(f" {verdict} gaussian, the best baseline that copies no rows (1.00).")
    assert "selection optimism" in second


def test_a_copycat_is_no_best_baseline() -> None:
    baselines = [baseline("bootstrap", [0.9], 0.5 + NOISE[::-1]), baseline("kde", [1.2], 1.2 + NOISE[::-1])]
    said = summary(standings(record(trial(4, [0.8], 1.0 + NOISE), baselines=baselines)))
    assert "kde, the best baseline that copies no rows (1.20)" in said[0]
    baselines = [baseline("one_of_my_own", [0.9], 1.1 + NOISE[::-1])]  # whose file may be gone when this is read
    assert "one_of_my_own, the best" in summary(standings(record(trial(4, [0.8], 1.0 + NOISE), baselines=baselines)))[0]


def test_any_trial_is_worth_what_its_own_draws_say() -> None:
    baselines = [baseline("gaussian", [1.0] * 3, 1.0 + NOISE[::-1])]
    study = record(
        trial(0, [0.8], 1.0 + NOISE), trial(1, [0.9], 1.5 + NOISE), trial(2, [2.0, 3.0]), baselines=baselines
    )
    assert summary(standings(study))[0] == f"Best: {worth(standings(study), 0)}"
    assert worth(standings(study), 1).startswith("trial 1 (vae), score 1.50 on 8 fresh draws, 95 % interval ")
    assert worth(standings(study), 1).endswith(
        " By a paired test it is worse than gaussian, the best baseline that copies no rows (1.00)."
    )
    assert worth(standings(study), 2).startswith("trial 2 (vae), score 2.50 on 2 search draws")
    assert "It is not confirmed" in worth(standings(study), 2)


@pytest.mark.parametrize(("share", "told"), [(0.046, True), (0.002, False), (None, False)])
def test_values_outside_the_range_of_the_data_are_told_where_they_are_many(share: float | None, told: bool) -> None:
    """None: a record of before, which lacks the metric."""
    more = {} if share is None else {"outside_range": share}
    confirmed = replace(trial(4, [0.8]), confirmation=tuple(result(1.0, **more) for _ in range(8)))
    lines = summary(standings(record(confirmed)))
    said = "Outside the range of the data are 4.6% of its values of x; of fresh rows it would be 0.0%."
    assert (said in lines) is told
    assert any(line.startswith("Outside") for line in lines) is told


def test_of_several_columns_the_worst_is_told_beside_what_few_rows_would_have(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).lognormal(size=(99, 2))
    pd.DataFrame(rows, columns=["age", "income"]).to_csv(tmp_path / "rows.csv", index=False)
    shares = {"outside_range": 0.035, "outside_range.age": 0.02, "outside_range.income": 0.05}
    confirmed = replace(trial(4, [0.8]), confirmation=tuple(result(1.0, **shares) for _ in range(8)))
    study = record(confirmed)
    definition = replace(study.definition, data_set=File.parse("rows.csv", tmp_path), rows=99)
    lines = summary(standings(replace(study, definition=definition)))
    assert "Outside the range of the data are 5.0% of its values of income; of fresh rows it would be 2.0%." in lines


def test_the_diagnosis_of_the_best_is_told() -> None:
    finding = Finding("no_decoder_noise", "Spread too small: std ratio 0.71.", 1.0)
    diagnosed = replace(trial(4, [0.8], [1.0] * 8), diagnosis=Diagnosis((finding,), {}))
    assert (
        summary(standings(record(diagnosed)))[-1]
        == "Trial 4, no_decoder_noise: Spread too small: std ratio 0.71. Set decoder_noise = true."
    )


def test_an_error_far_off_is_named_beside_a_good_score() -> None:
    good = tuple(result(0.5) for _ in range(8))
    far = tuple(replace(of, metrics={**of.metrics, "ks": 0.2}) for of in good)  # 4 times what is attainable
    study = replace(record(trial(0, [0.5])), trials=(replace(trial(0, [0.5]), confirmation=far),))
    rows = standings(replace(study, attainable=replace(study.attainable, baseline="gaussian_copula")))
    (said,) = (line for line in summary(rows) if "Far from attainable" in line)
    assert "whatever the score: its ks is 4 times that of gaussian_copula. Numbers that many rows repeat are" in said
    (row,) = leaderboard(rows).to_dict("records")
    assert (row["far_off"], row["score"]) == ("ks 4", pytest.approx(5 / 3))
    shown = Console(width=100)
    with shown.capture() as capture:
        shown.print(table(leaderboard(rows), 5))
    assert " 0.200! " in capture.get()
    assert "! more than 3 times what is attainable" in capture.get()
    assert not any("Far" in line for line in summary(standings(record(trial(0, [0.5], [2.9] * 8)))))


def test_a_files_scatter_is_said_once() -> None:
    study = record(trial(0, [1.0], [1.2] * 8), baselines=[floor([0.8], [0.9] * 8)])
    file = File("/rows.csv", ("x",), "", 100)
    of_file = replace(study, definition=replace(study.definition, data_set=file))
    line = "Of every score about 0.90 is scatter of the few true samples: perfect rows have it."
    assert summary(standings(of_file)).count(line) == 1
    assert line not in summary(standings(study)), "a distribution has as many true samples as anybody asks for"


def test_the_luck_of_the_draws_is_taken_off_where_the_baseline_shares_it() -> None:
    luck = [0.1 * (7 * draw % 10) for draw in range(20)]
    own = [1.3 + each + 0.01 * (draw % 3) for draw, each in enumerate(luck)]
    study = record(trial(0, [1.5], own), baselines=[baseline("kde", [1.0], [1 + each for each in luck])])
    unit = replace(study.attainable, baseline="kde", standard_errors=dict.fromkeys(ERRORS, 0.0), draws=2000)
    said = (
        "These draws were harder than most: kde has 1.45 on them, where 1 is expected. Corrected for that, 1.30 is "
        "expected of the best trial on other draws, 95 % interval 1.30 to "
    )
    assert any(line.startswith(said) for line in answer(standings(replace(study, attainable=unit))))
    unlike = replace(unit, baseline="gaussian")
    assert not any("Corrected for" in line for line in answer(standings(replace(study, attainable=unlike))))
