"""Scoring: which metrics a phase has, of one column and of several, and what the score makes of them."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import kstest

from vaebench.data_sets import Truth
from vaebench.data_sets.distribution import Distribution
from vaebench.data_sets.file import File
from vaebench.rows import MAIN_METRICS, Draw
from vaebench.scoring.metrics.copying import copying
from vaebench.scoring.metrics.joint import joint_metrics
from vaebench.scoring.metrics.one_column import PERCENT
from vaebench.scoring.score import mean_metrics, measure, objective_values, score
from vaebench.study.records import Attainable, Result

NORMAL = Distribution("norm")
MAIN = ["ks", "mean_error", "std_error", "std_ratio", "generated_mean", "generated_std"]
QUANTILES = ["q01_error", "q05_error", "q25_error", "q50_error", "q75_error", "q95_error", "q99_error"]
COLUMN = {
    "attainable": MAIN,
    "search": [*MAIN, "wasserstein"],
    "confirm": [*MAIN, "wasserstein", "energy", "quantile_error", *QUANTILES, "outside_range"],
}
JOINT = {
    "attainable": ["copula_error"],
    "search": ["copula_error", "sliced_wasserstein", "correlation_error"],
    "confirm": ["copula_error", "sliced_wasserstein", "correlation_error", "mmd", "classifier", "density", "coverage"],
}


@dataclass(frozen=True)
class Plane(Truth):
    """N(0, 1) twice."""

    @property
    def columns(self):
        return ("a", "b")

    def sample(self, n, random):
        return random.normal(size=(n, 2))


def drawn(true, seed=0):
    """Return a draw with these true samples."""
    random = np.random.default_rng(seed)
    train, test = random.normal(size=(67, true.shape[1])), random.normal(size=(33, true.shape[1]))
    return Draw(train=train, test=test, true=true, floor=true)


def measured(generated, true, data_set=NORMAL, phase="search"):
    return measure(generated, drawn(true), data_set, phase)


def test_one_column_in_its_own_units():
    generated, true = np.array([[1.0], [2.0], [6.0]]), np.array([[10.0], [14.0]])
    found = measured(generated, true)
    std, true_std = np.sqrt(7.0), np.sqrt(8.0)  # divisor n - 1
    assert found == pytest.approx(
        {
            "ks": 1.0,
            "mean_error": 9.0,
            "std_error": true_std - std,
            "std_ratio": std / true_std,
            "generated_mean": 3.0,
            "generated_std": std,
            "wasserstein": 9.0,
        }
    )


def test_several_columns_average_in_units_of_the_true_spread():
    random = np.random.default_rng(2)
    true, generated = random.normal(size=(50, 2)), random.normal(0.4, 1.3, size=(60, 2))
    found = measured(generated, true, Plane(), "confirm")
    each = [measured(generated[:, [i]], true[:, [i]], phase="confirm") for i in range(2)]
    for of_column in each:
        del of_column["ks_exact"], of_column["copying"]  # of the data set, and of all columns
        of_column.pop("outside_range")  # of all rows of the draw, which are others here
    for column, of_column in zip("ab", each, strict=True):
        assert {name: found[f"{name}.{column}"] for name in of_column} == of_column
    stds = true.std(axis=0, ddof=1)
    assert found["ks"] == pytest.approx((each[0]["ks"] + each[1]["ks"]) / 2)
    assert found["std_ratio"] == pytest.approx((each[0]["std_ratio"] + each[1]["std_ratio"]) / 2)
    for name in ("mean_error", "std_error", "wasserstein", "energy", "quantile_error", *QUANTILES):
        assert found[name] == pytest.approx((each[0][name] / stds[0] + each[1][name] / stds[1]) / 2)


def test_what_is_outside_the_range_of_all_rows_of_the_draw():
    draw = Draw(np.array([[1.0, 0.0]]), np.array([[5.0, 1.0]]), np.array([[2.0, 3.0], [3.0, 2.0]]), np.empty((0, 2)))
    generated = np.array([[1.0, 0.0], [5.0, 3.0], [0.9, -1.0], [5.1, 4.0], [3.0, 9.0]])
    found = measure(generated, draw, Plane(), "confirm")
    assert (found["outside_range.a"], found["outside_range.b"], found["outside_range"]) == (0.4, 0.6, 0.5)


def test_fresh_rows_are_outside_the_range_as_seldom_as_their_number_says():
    random = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        train, test, true = random.normal(size=(30, 1)), random.normal(size=(9, 1)), random.normal(size=(10, 1))
        draw = Draw(train, test, true, true)
        shares.append(measure(random.normal(size=(200, 1)), draw, NORMAL, "confirm")["outside_range"])
    assert np.mean(shares) == pytest.approx(2 / 50, abs=4 * np.std(shares) / np.sqrt(400))


def test_overall_figures_do_not_depend_on_units():
    random = np.random.default_rng(3)
    true, generated = random.normal(size=(50, 2)), random.normal(0.4, 1.3, size=(60, 2))
    metres, millimetres = (measured(generated * [1, unit], true * [1, unit], Plane(), "confirm") for unit in (1, 1000))
    for name in (*COLUMN["confirm"], *JOINT["search"]):
        if name.startswith("generated_"):
            continue
        assert millimetres[name] == pytest.approx(metres[name])
    assert millimetres["mean_error.b"] == pytest.approx(1000 * metres["mean_error.b"])


# ---- what a phase has


@pytest.mark.parametrize("phase", ["attainable", "search", "confirm"])
def test_the_metrics_of_one_column(phase):
    random = np.random.default_rng(0)
    found = measured(*random.normal(size=(2, 200, 1)), phase=phase)
    assert list(found) == COLUMN[phase] + (["ks_exact", "copying"] if phase == "confirm" else [])


@pytest.mark.parametrize("phase", ["attainable", "search", "confirm"])
def test_the_metrics_of_several_columns(phase):
    random = np.random.default_rng(0)
    generated, true = random.normal(size=(2, 200, 2))
    found = measured(generated, true, Plane(), phase)
    means = [name for name in COLUMN[phase] if not name.startswith("generated_")]
    each = [f"{name}.{column}" for column in "ab" for name in COLUMN[phase]]
    assert list(found) == [*means, *each, *JOINT[phase], *(["copying"] if phase == "confirm" else [])]
    units = true.std(axis=0, ddof=1)
    joint = joint_metrics(generated, true, units, phase)
    assert {name: found[name] for name in joint} == pytest.approx(joint)


def test_the_confirmation_measures_against_the_exact_cdf_and_the_training_rows():
    random = np.random.default_rng(0)
    generated, draw = random.normal(size=(300, 1)), drawn(random.normal(size=(200, 1)))
    found = measure(generated, draw, NORMAL, "confirm")
    assert found["ks_exact"] == pytest.approx(kstest(generated[:, 0], "norm", method="asymp").statistic)
    assert found["copying"] == copying(generated, draw.train, draw.test)
    levels = [percent / 100 for percent in PERCENT]
    errors = np.abs(np.quantile(generated, levels) - np.quantile(draw.true, levels))
    assert [found[name] for name in QUANTILES] == pytest.approx(list(errors))
    assert found["quantile_error"] == pytest.approx(errors.mean())


def test_a_file_has_no_cdf_and_its_floor_is_no_copy_of_its_own_rows():
    random = np.random.default_rng(0)
    data_set, draw = File("x.csv", ("x",), "", 100), drawn(random.normal(size=(17, 1)))
    draw = dataclasses.replace(draw, floor=draw.test)
    assert "copying" in measure(random.normal(size=(50, 1)), draw, data_set, "confirm")
    floor = measure(draw.floor, draw, data_set, "confirm")
    assert not {"ks_exact", "copying"} & set(floor)


@pytest.mark.parametrize("generated", [[0.5, 0.5], [0.0, 0.0, 1.0], [1e150, -1e150]])
def test_constant_few_and_far_rows_have_finite_figures(generated):
    for data_set in (NORMAL, Plane()):
        rows = np.repeat(np.array([generated]).T, len(data_set.columns), axis=1)
        true = np.array([[0.0] * len(data_set.columns), [1.0] * len(data_set.columns)])
        found = measured(rows, true, data_set, "confirm")
        assert len(found) > 12
        assert np.isfinite(list(found.values())).all()


def test_equal_true_samples_count_in_units_of_all_rows():
    draw = Draw(*(np.array([values]).T for values in ([3.0, 5.0], [3.0], [3.0, 3.0], [3.0])))
    found = measure(np.array([[2.0], [4.0]]), draw, NORMAL, "confirm")
    assert found["std_ratio"] == pytest.approx(np.sqrt(2) / np.std([3, 5, 3, 3, 3], ddof=1))
    assert (found["ks"], found["mean_error"], found["std_error"]) == pytest.approx((0.5, 0.0, np.sqrt(2)))
    equal = Draw(*(np.full((2, 1), 0.1) for _ in range(4)))
    assert measure(np.full((3, 1), 0.1), equal, NORMAL, "search")["std_ratio"] == pytest.approx(0)


def test_the_best_constant_scores_far_worse_than_a_gaussian_fitted_to_few_rows():
    random = np.random.default_rng(0)
    few, true = random.normal(size=(60, 1)), random.normal(size=(5000, 1))
    fitted = few.mean() + few.std(ddof=1) * random.normal(size=(5000, 1))
    unit = Attainable({name: measured(fitted, true)[name] for name in MAIN_METRICS})
    for value in (true.mean(), np.median(true)):
        assert score(measured(np.full((5000, 1), value), true), unit) > 4


# ---- what cannot be scored


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_counted(wrong):
    generated = np.zeros((5, 2))
    generated[1] = generated[3, 1] = wrong
    with pytest.raises(ValueError, match="2 of 5 generated rows are not finite"):
        measured(generated, np.random.default_rng(0).normal(size=(9, 2)), Plane())


@pytest.mark.parametrize(
    ("generated", "true", "reason"),
    [
        ([[1e308], [-1e308], [1e308]], [[0.0], [1.0]], "generated values overflow"),
        ([[1.0]], [[3.0], [4.0]], "1 generated rows: at least two"),
        ([[1.0], [2.0]], [[3.0]], "1 true rows: at least two"),
    ],
)
def test_undefined_figures_are_refused(generated, true, reason):
    with pytest.raises(ValueError, match=reason):
        measured(np.array(generated), np.array(true))


def test_a_metric_that_a_replicate_lacks_has_no_mean():
    results = [Result(metrics={"ks": 0.1, "mmd": 0.2}), Result(metrics={"ks": 0.3})]
    assert mean_metrics(results) == mean_metrics(results[::-1]) == pytest.approx({"ks": 0.2})


def test_score_is_one_where_every_error_is_attainable():
    attainable = Attainable({"ks": 0.05, "mean_error": 0.9, "std_error": 0.6})
    assert score(attainable.metrics, attainable) == pytest.approx(1)
    assert score({"ks": 0.1, "mean_error": 0.9, "std_error": 0.0}, attainable) == pytest.approx((2 + 1 + 0) / 3)


def test_objectives_are_means_over_replicates():
    attainable = Attainable({"ks": 0.1, "mean_error": 1.0, "std_error": 1.0})
    results = [
        Result(metrics={"ks": 0.1, "mean_error": 1.0, "std_error": 4.0, "extra": 5.0}),
        Result(metrics={"ks": 0.3, "mean_error": 3.0, "std_error": 0.0, "extra": 7.0}),
    ]
    assert mean_metrics(results) == pytest.approx({"ks": 0.2, "mean_error": 2.0, "std_error": 2.0, "extra": 6.0})
    assert objective_values(results, ("score",), attainable) == pytest.approx((2.0,))
    assert objective_values(results, ("std_error", "ks"), attainable) == pytest.approx((2.0, 0.2))
    each = [score(result.metrics, attainable) for result in results]
    assert objective_values(results, ("score",), attainable)[0] == pytest.approx(np.mean(each))


@pytest.mark.parametrize("replicates", [1, 2, 3, 7, 8, 9, 50, 130])
def test_means_are_those_of_numpy_to_the_last_bit(replicates: int) -> None:
    random = np.random.default_rng(replicates)
    values = random.normal(size=(5, replicates)) * 10.0 ** random.integers(-9, 9, size=(5, replicates))
    names = (*MAIN[:3], "further", "generated_mean")
    results = [Result(metrics=dict(zip(names, column, strict=True))) for column in values.T.tolist()]
    expected = {name: float(np.mean(row)) for name, row in zip(names, values.tolist(), strict=True)}
    means = mean_metrics(results)
    assert means == expected | {"generated_mean": values[4, 0]}
    attainable = Attainable({name: 0.1 + float(random.random()) for name in MAIN[:3]})
    assert score(means, attainable) == np.mean([means[name] / attainable.metrics[name] for name in MAIN[:3]])


def test_without_a_shared_metric_there_is_no_mean() -> None:
    assert mean_metrics([Result(metrics={"ks": 0.1}), Result()]) == {}
