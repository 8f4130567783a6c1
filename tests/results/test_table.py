"""The leaderboard as a table on a terminal."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hand_made import baseline, many_digits, record, trial
from rich.console import Console

from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.results.table import table
from vaebench.study.records import Attainable, Result


@pytest.fixture
def frame():
    return leaderboard(standings(many_digits()), {3: "abc"})


def shown(frame: pd.DataFrame, top: int, width: int = 100) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(table(frame, top, width))
    return [line.rstrip() for line in capture.get().splitlines()]


def cells(lines: list[str]) -> list[list[str]]:
    """Return the cells of the table's rows, which end where the notes begin."""
    end = next(place for place, line in enumerate(lines) if line.startswith(("not confirmed", "=")))
    return [line.split() for line in lines[2:end] if line and not line.startswith("not comparable")]


def test_table_shows_the_top_trials_and_every_baseline_in_place(frame):
    lines = shown(frame, 5)
    assert max(map(len, lines)) <= 100
    rows = cells(lines)
    trials = [row for row in rows if row[0].isdigit()]
    assert [int(row[0]) for row in trials] == [1, 2, 3, 4, 5]
    ranked = frame[frame["rank"].notna()]
    assert [int(row[2]) for row in trials] == ranked["trial"].tolist()[:5]
    others = {row[0]: place for place, row in enumerate(rows) if not row[0].isdigit()}
    scored = frame[~(frame["rank"] > 5).fillna(False)].reset_index()
    expected = {"gaussian": "gaussian", "noise": "truth"}  # the noise floor
    assert others == {shown: int(scored.index[scored["variant"] == name][0]) for shown, name in expected.items()}
    tie = f"= a paired test cannot tell it from trial {ranked['trial'].iloc[0]}"
    assert lines[-3:] == [tie, "7 more trials (leaderboard --top N shows N)", "1 failed: loss is NaN in epoch 3"]


def test_a_baseline_that_copies_rows_is_marked():
    both = record(
        *(trial(number, [0.1]) for number in range(2)), baselines=(baseline("bootstrap", [0.1]), baseline("kde", [0.2]))
    )
    lines = shown(leaderboard(standings(both), {}), 5)
    marks = {line.split()[0]: line.split()[-1] for line in lines if line}
    assert marks["bootstrap"] == "c"
    assert marks["kde"] != "c"
    assert "c its rows are training rows, or blends of near ones" in lines


def test_a_heading_parts_confirmed_rows_from_searched_ones(frame):
    lines = shown(frame, 5)
    gap = lines.index("")
    confirmed = frame[(frame["status"] == "confirmed") & frame["rank"].notna()]
    ranked = [line for line in lines[2:gap] if line.split()[0].isdigit()]
    assert [int(line.split()[2]) for line in ranked] == confirmed["trial"].tolist()
    for line, searched in zip(ranked, confirmed["metric.search_score"], strict=True):
        assert line.removesuffix(" =").split()[-1] == f"{searched:.2f}"
    assert lines[gap + 1] == "not comparable: searched, on other draws, and partly luck"
    assert [line.split()[0] for line in lines[gap + 2 : gap + 4]] == ["4", "5"]
    assert not any(line.startswith("not confirmed") for line in lines)
    assert len({line.index("mse") for line in (*ranked, *lines[gap + 2 : gap + 4])}) == 1, "columns are in line"


def test_pruned_rows_have_a_heading_too_and_unconfirmed_ones_alone_a_note():
    pruned = replace(trial(1, [2.0]), pruned="plainly worse than trial 0")
    lines = shown(leaderboard(standings(record(trial(0, [1.0, 1.1]), pruned))), 5)
    assert [line for line in lines if line.startswith("not")] == [
        "not comparable: pruned, on fewer draws",
        "not confirmed: the scores are of the search, and partly luck",
    ]


def test_the_best_trial_has_no_tie_with_itself(frame):
    lines = shown(frame, 5)
    first = next(line for line in lines if line.startswith("1 "))
    assert frame.loc[frame["rank"] == 1, "tied_with_best"].item() is np.True_
    assert not first.endswith("=")


@pytest.mark.parametrize("width", [70, 80, 96])
def test_a_narrow_table_keeps_ranks_and_figures(width):
    params = {"loss": "binary_cross_entropy", "latent_sampler": "a_long_sampler", "latent_dim": 42}
    trials = [trial(980 + n, [10.0 + n, 900.0], variant="a_variant", **params) for n in range(101)]
    lines = shown(leaderboard(standings(record(*trials))), 101, width)
    assert max(map(len, lines)) <= width
    if width >= 80:
        assert lines[2].split() == ["1", "a_variant", "980", "binary_cros…", "a_long_…", "42", *lines[2].split()[6:]]
        assert len(lines[2].split()) == 10, "score, ks, mean error, std error"
        assert lines[102].split()[0] == "101"


def test_an_empty_table_says_so():
    assert shown(leaderboard(standings(record())), 5)[-1] == "no trial yet"


def test_table_fits_100_characters_at_its_widest():
    params = {"loss": "binary_cross_entropy", "latent_sampler": "a_long_sampler", "latent_dim": 42}
    trials = [trial(98_000 + n, [10.0 + n, 900.0], variant="a_very_long_variant", **params) for n in range(1001)]
    lines = shown(leaderboard(standings(record(*trials))), 1001)
    assert max(len(line.rstrip()) for line in lines) <= 100
    last = next(line for line in lines if line.startswith("1001"))
    assert "99000" in last
    assert "binary_cros…" in last
    assert last.endswith(" 955")


def test_table_marks_the_front_of_several_objectives_only(frame):
    assert "P Pareto front" not in " ".join(shown(frame, 5))
    frame["pareto_front"] = frame["rank"].isin([1, 2]).astype("boolean")
    lines = shown(frame, 5)
    assert [row[-1].endswith("P") for row in cells(lines) if row[0].isdigit()] == [True] * 2 + [False] * 3
    assert "P Pareto front" in " ".join(lines)


def test_table_does_not_read_names_as_markup():
    lines = shown(
        leaderboard(standings(record(trial(0, [1.0], loss="[red]x"), baselines=[baseline("kde", [None])]))), 5
    )
    assert "[red]x" in lines[2]
    assert "kde failed: loss is NaN in epoch 3" in lines[-1]


def test_long_names_are_whole_where_there_is_room():
    study = record(trial(0, [1.0] * 3, [1.0] * 8), baselines=[baseline("gaussian_copula", [1.0] * 3, [1.1] * 8)])
    wide, narrow = (shown(leaderboard(standings(study)), 5, width) for width in (100, 80))
    assert any(line.split()[:1] == ["gaussian_copula"] for line in wide)
    assert any("gaussian_c…" in line for line in narrow)
    assert max(map(len, wide)) <= 100


def test_categories_alone_have_a_score_and_no_moments():
    unit = Attainable({"ks": 0.05}, {"ks": 0.001}, "bootstrap", 60)
    one = replace(trial(0, [1.0]), results=(Result(metrics={"ks": 0.1}),))
    study = replace(record(one, baselines=[baseline("kde", [0.2])]), attainable=unit)
    study = replace(study, baselines=tuple(replace(row, search=one.results) for row in study.baselines))
    frame = leaderboard(standings(study), {})
    assert frame.loc[0, "score"] == 2.0
    assert frame[["mean_error", "std_error"]].isna().all(axis=None)
    assert cells(shown(frame, 5))[0][-3:] == ["2.00", "0.1000", "2.00"]
