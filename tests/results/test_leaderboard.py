"""The leaderboard: its columns, ranks, intervals, ties and Pareto front."""

import numpy as np
import pandas as pd
import pytest
from hand_made import ERRORS, FAILURE, baseline, floor, record, result, trial
from hypothesis import given, settings
from hypothesis import strategies as st

from vaebench.errors import InputError
from vaebench.results.leaderboard import COLUMNS, leaderboard, pareto_front
from vaebench.results.standings import standings
from vaebench.study.records import BaselineRecord, Result, TrialRecord

BASELINES = [
    baseline("gaussian", [1.0, 1.2], [1.05] * 8),
    baseline("kde", [1.3, 1.5], [1.4] * 8),
    floor([0.1, 0.1], [0.1] * 8),
]
NOISE = np.linspace(-0.2, 0.2, 8)


@pytest.fixture
def frame():
    """Return a leaderboard with confirmed, searched and failed trials."""
    return leaderboard(
        standings(
            record(
                trial(0, [0.5, 0.7]),  # the luckiest search, never confirmed
                trial(1, [0.8, 0.8], 1.2 + NOISE, latent_dim=3),
                trial(2, [0.9, None]),
                trial(3, [0.9, 0.9], 1.15 + NOISE[::-1], variant="ae"),
                trial(4, [0.6, 0.8]),
                trial(5, [0.9, 0.9], 2.2 + NOISE),
                trial(6, [0.7, 0.7], [0.7, None]),
                baselines=BASELINES,
            )
        ),
        {1: "run-one", 3: "run-three"},
    )


def test_columns_stand_in_the_agreed_order(frame):
    agreed = (
        "rank,study,kind,trial,variant,loss,latent_sampler,latent_dim,status,replicates,score,score_low,score_high,"
        "ks,ks_low,ks_high,mean_error,std_error,tied_with_best"
    )
    assert ",".join(COLUMNS) == agreed
    assert ",".join(frame.columns[: len(COLUMNS)]) == agreed
    params = ["param.latent_dim", "param.latent_sampler", "param.loss", "param.variant"]
    tail = ["pareto_front", "far_off", "diagnosis", "reason", "seconds", "mlflow_run_id"]
    assert list(frame.columns[len(COLUMNS) :]) == [*params, "metric.search_score", *tail]


def test_rows_stand_confirmed_then_searched_then_failed_each_by_score(frame):
    names = frame["variant"].where(frame["kind"] != "trial", frame["trial"].astype(str))
    assert list(names) == ["truth", "gaussian", "3", "1", "kde", "5", "0", "4", "2", "6"]
    assert list(frame["status"]) == ["confirmed"] * 6 + ["searched"] * 2 + ["failed"] * 2
    assert list(frame["kind"]) == ["floor", "baseline", *["trial"] * 2, "baseline", *["trial"] * 5]
    assert (frame["study"] == "hand-made").all()


def test_rank_counts_trials_with_a_score(frame):
    assert frame["rank"].dtype == frame["trial"].dtype == "Int64"
    assert frame["rank"].fillna(0).tolist() == [0, 0, 1, 2, 0, 3, 4, 5, 0, 0]


def test_figures_are_over_the_confirmation_where_there_is_one(frame):
    by_trial = frame.set_index("trial")
    assert by_trial.loc[1, "score"] == pytest.approx(1.2)
    assert by_trial.loc[1, "replicates"] == 8
    assert by_trial.loc[1, "metric.search_score"] == pytest.approx(0.8)
    assert by_trial.loc[1, "ks"] == pytest.approx(1.2 * ERRORS["ks"])
    assert by_trial.loc[1, "mean_error"] == pytest.approx(1.2 * ERRORS["mean_error"])
    assert by_trial.loc[1, "std_error"] == pytest.approx(1.2 * ERRORS["std_error"])
    assert by_trial.loc[0, "score"] == pytest.approx(0.6)
    assert by_trial.loc[0, "replicates"] == 2
    assert by_trial.loc[0, "score_low"] == pytest.approx(0.5)
    assert by_trial.loc[0, "score_high"] == pytest.approx(0.7)
    assert (by_trial.loc[1, "score_low"], by_trial.loc[1, "ks_high"]) == pytest.approx(
        (2.4 - by_trial.loc[1, "score_high"], by_trial.loc[1, "score_high"] * ERRORS["ks"]), abs=0.01
    )
    gaussian = frame[frame["variant"] == "gaussian"].iloc[0]
    assert gaussian["score"] == pytest.approx(1.05)


def test_failed_trials_have_a_reason_and_no_figures(frame):
    failed = frame[frame["status"] == "failed"]
    assert list(failed["trial"]) == [2, 6]
    assert set(failed["reason"]) == {FAILURE.reason}
    figures = ["score", "score_low", "score_high", "ks", "ks_low", "ks_high", "mean_error", "std_error"]
    assert failed[[*figures, "rank", "tied_with_best", "pareto_front", "metric.search_score"]].isna().all(axis=None)
    assert list(failed["replicates"]) == [0, 0]
    assert list(failed["param.loss"]) == ["mse", "mse"]
    assert frame[frame["status"] != "failed"]["reason"].isna().all()


def test_seconds_are_those_of_every_replicate(frame):
    by_trial = frame.set_index("trial")["seconds"]
    assert by_trial[0] == 2 * 0.5
    assert by_trial[1] == 10 * 0.5
    assert by_trial[2] == 0.5 + 0.25


def test_tied_with_best_compares_on_the_same_replicates(frame):
    tied = {row["trial"]: row["tied_with_best"] for row in frame.to_dict(orient="records") if row["kind"] == "trial"}
    assert tied[3] is True, "the best itself"
    assert tied[1] is True
    assert tied[5] is False
    assert tied[0] is tied[4] is tied[2] is None, "other replicates than the best"
    assert not frame.loc[frame["variant"] == "kde", "tied_with_best"].item()
    assert frame.loc[frame["kind"] == "floor", "tied_with_best"].item() is pd.NA


def test_tied_pairs_the_replicates_that_both_have():
    more = leaderboard(
        standings(record(trial(0, [1.0], [1.0] * 20), trial(1, [1.0], [1.1 + i / 100 for i in range(7)])))
    )
    fewer = leaderboard(
        standings(record(trial(0, [1.0], [1.0] * 20), trial(1, [1.0], [1.1 + i / 100 for i in range(5)])))
    )
    assert list(more["tied_with_best"]) == [True, False]
    assert fewer["tied_with_best"].tolist() == [True, pd.NA]


def test_run_ids_stand_on_their_trials(frame):
    ids = frame.set_index("trial")["mlflow_run_id"].dropna()
    assert dict(ids) == {1: "run-one", 3: "run-three"}


def test_param_cells_keep_their_types():
    frame = leaderboard(
        standings(
            record(
                trial(
                    0,
                    [1.0],
                    encoder=(200, 50),
                    batch_norm=True,
                    seed=2**62 + 1,
                    dropout=0.0,
                    **{"variant.vae.beta": 2.0},
                ),
                trial(1, [2.0], encoder=(8,), batch_norm=False, seed=5, dropout=0.5, variant="ae"),
                baselines=BASELINES,
            )
        )
    ).set_index("trial")
    assert frame["param.encoder"].loc[[0, 1]].tolist() == ["[200, 50]", "[8]"]
    assert frame["param.seed"].loc[0] == 2**62 + 1
    assert frame["param.batch_norm"].dtype == "boolean"
    assert frame["param.dropout"].dtype == "float64"
    assert frame["param.variant.vae.beta"].loc[0] == 2.0
    assert np.isnan(frame["param.variant.vae.beta"].loc[1])
    assert frame["latent_dim"].dtype == frame["param.latent_dim"].dtype == "Int64"


def test_one_replicate_has_no_interval():
    frame = leaderboard(standings(record(trial(0, [1.5]), trial(1, [1.2]), baselines=[floor([0.1])])))
    assert frame[["score_low", "score_high", "ks_low", "ks_high"]].isna().all(axis=None)
    assert list(frame["score"]) == pytest.approx([0.1, 1.2, 1.5])
    assert frame["tied_with_best"].isna().all(), "one replicate is too few to test"


def test_further_metrics_and_columns_are_averaged():
    searched = [
        result(1.0, **{"ks.a": 0.1, "generated_std.a": 9.0}),
        result(1.0, **{"ks.a": 0.3, "generated_std.a": 10.0}),
    ]
    study = record(TrialRecord(0, {"variant": "ae"}, tuple(searched), 0, 1))
    row = leaderboard(standings(study)).iloc[0]
    assert row["metric.ks.a"] == pytest.approx(0.2)
    assert row["metric.generated_std.a"] == 9.0  # of the first search replicate, which `generate` draws from


def test_generated_figures_of_a_confirmed_row_are_those_of_its_search():
    search, fresh = result(1.0, generated_mean=3.0), result(2.0, generated_mean=7.0)
    confirmed = TrialRecord(0, {"variant": "ae"}, (search,), 0, 1, confirmation=(fresh, fresh))
    row = leaderboard(standings(record(confirmed))).iloc[0]
    assert row["score"] == pytest.approx(2.0)
    assert row["metric.generated_mean"] == 3.0


def test_equal_scores_stand_by_trial_number_before_baselines():
    study = record(*(trial(number, [1.0]) for number in (7, 3, 11)), baselines=[baseline("kde", [1.0])])
    frame = leaderboard(standings(study))
    assert frame["trial"].fillna(-1).tolist() == [3, 7, 11, -1]


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(0.1, 10), max_size=12), st.randoms())
def test_order_does_not_depend_on_the_order_of_the_record(scores, random):
    trials = [trial(number, [score]) for number, score in enumerate(scores)]
    expected = leaderboard(standings(record(*trials, baselines=BASELINES)))
    random.shuffle(trials)
    pd.testing.assert_frame_equal(leaderboard(standings(record(*trials, baselines=BASELINES[::-1]))), expected)
    assert expected["rank"].dropna().tolist() == list(range(1, len(scores) - scores.count(None) + 1))


def test_arm_is_a_column_of_compared_studies_only(frame):
    assert "arm" not in frame
    compared = leaderboard(standings(record(trial(0, [1.0], arm="variant=ae"), trial(1, [2.0], arm="variant=vae"))))
    assert list(compared["arm"]) == ["variant=ae", "variant=vae"]


def test_pareto_front_of_several_objectives():
    def point(number: int, ks: float, std_error: float) -> TrialRecord:
        return TrialRecord(number, {}, (Result({"ks": ks, "mean_error": 1.0, "std_error": std_error}),), 0, 1)

    points = [(1, 5), (2, 3), (3, 3), (4, 1), (5, 2), (4, 1)]
    trials = [point(number, *values) for number, values in enumerate(points)]
    study = record(*trials, trial(6, [None]), objectives=("ks", "std_error"))
    assert pareto_front(standings(study)) == {0: True, 1: True, 2: False, 3: True, 4: False, 5: True}
    frame = leaderboard(standings(study))
    assert dict(zip(frame["trial"], frame["pareto_front"], strict=True)) == pareto_front(standings(study)) | {6: pd.NA}


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=1, max_size=15))
def test_every_trial_is_on_the_front_or_dominated_by_it(points):
    names = ("ks", "mean_error", "std_error")
    trials = [
        TrialRecord(number, {}, (Result(dict(zip(names, map(float, point), strict=True))),), 0, 1)
        for number, point in enumerate(points)
    ]
    front = pareto_front(standings(record(*trials, objectives=names)))

    def beats(a: int, b: int) -> bool:
        return points[a] != points[b] and all(x <= y for x, y in zip(points[a], points[b], strict=True))

    for number, on_front in front.items():
        assert on_front is not any(beats(other, number) for other in front)
        assert on_front or any(beats(other, number) for other in front if front[other])


def test_pareto_front_of_one_objective_is_its_best_trial(frame):
    assert frame.loc[frame["pareto_front"].fillna(False), "trial"].tolist() == [0]


def test_best_trial_is_rank_one(frame):
    study = record(trial(0, [0.5]), trial(1, [0.8], [1.2]), trial(2, [0.9], [1.1]), baselines=BASELINES)
    best = standings(study).best
    assert best is not None
    assert best.number == 2
    assert standings(record(trial(0, [None]), baselines=BASELINES)).best is None
    assert standings(record()).best is None


def test_a_study_without_a_finished_trial_has_a_leaderboard():
    assert list(leaderboard(standings(record())).columns[: len(COLUMNS)]) == list(COLUMNS)
    only_failed = leaderboard(
        standings(record(trial(0, [None]), baselines=[BaselineRecord("kde", "baseline", (FAILURE,))]))
    )
    assert list(only_failed["status"]) == ["failed", "failed"]
    assert only_failed["score"].dtype == "float64"
    assert list(only_failed["kind"]) == ["trial", "baseline"]


@pytest.mark.parametrize("value", ["gmm", "{0}", 1.5])
def test_a_param_of_another_type_is_damage(value):
    with pytest.raises(InputError, match="the record is damaged: latent_dim is no Int64"):
        leaderboard(standings(record(trial(0, [1.0], latent_dim=value))))
