import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, norm

from vaebench.records import Result
from vaebench.scoring import ks_distance, mean_metrics, measure, objective_values, score

FEW = st.lists(st.integers(-4, 4).map(float), min_size=3, max_size=30)


@settings(deadline=None)
@given(FEW, FEW)
def test_ks_is_scipys_with_ties(a, b):
    assert ks_distance(np.array(a), np.array(b)) == ks_2samp(a, b, method="asymp").statistic


def test_ks_is_scipys_without_ties_and_unequal_sizes():
    random = np.random.default_rng(0)
    a, b = random.normal(size=700), random.normal(0.3, 1.2, size=1900)
    assert ks_distance(a, b) == ks_2samp(a, b, method="asymp").statistic


@pytest.mark.parametrize("shift", [0.1, 0.5, 2.0])
def test_ks_of_a_shifted_normal_is_the_closed_form(shift):
    random = np.random.default_rng(1)
    found = ks_distance(random.normal(size=200_000), random.normal(shift, 1, size=200_000))
    assert found == pytest.approx(2 * norm.cdf(shift / 2) - 1, abs=0.006)


def test_one_column_in_its_own_units():
    generated, true = np.array([[1.0], [2.0], [6.0]]), np.array([[10.0], [14.0]])
    found = measure(generated, true, ("x",))
    std, true_std = np.sqrt(7.0), np.sqrt(8.0)  # divisor n - 1
    assert list(found) == ["ks", "mean_error", "std_error", "std_ratio", "generated_mean", "generated_std"]
    assert found == pytest.approx(
        {
            "ks": 1.0,
            "mean_error": 9.0,
            "std_error": true_std - std,
            "std_ratio": std / true_std,
            "generated_mean": 3.0,
            "generated_std": std,
        }
    )


def test_several_columns_average_in_units_of_the_true_spread():
    random = np.random.default_rng(2)
    true, generated = random.normal(size=(50, 2)), random.normal(0.4, 1.3, size=(60, 2))
    found = measure(generated, true, ("a", "b"))
    each = [measure(generated[:, [i]], true[:, [i]], ("x",)) for i in range(2)]
    for column, one in zip("ab", each, strict=True):
        assert {name: found[f"{name}.{column}"] for name in one} == one
    stds = true.std(axis=0, ddof=1)
    assert found["ks"] == pytest.approx((each[0]["ks"] + each[1]["ks"]) / 2)
    assert found["std_ratio"] == pytest.approx((each[0]["std_ratio"] + each[1]["std_ratio"]) / 2)
    for name in ("mean_error", "std_error"):
        assert found[name] == pytest.approx((each[0][name] / stds[0] + each[1][name] / stds[1]) / 2)


def test_overall_figures_do_not_depend_on_units():
    random = np.random.default_rng(3)
    true, generated = random.normal(size=(50, 2)), random.normal(0.4, 1.3, size=(60, 2))
    metres, millimetres = (measure(generated * [1, unit], true * [1, unit], ("a", "b")) for unit in (1, 1000))
    for name in ("ks", "mean_error", "std_error", "std_ratio"):
        assert millimetres[name] == pytest.approx(metres[name])
    assert millimetres["mean_error.b"] == pytest.approx(1000 * metres["mean_error.b"])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_are_counted(wrong):
    generated = np.zeros((5, 2))
    generated[1] = generated[3, 1] = wrong
    with pytest.raises(ValueError, match="2 of 5 generated rows are not finite"):
        measure(generated, np.random.default_rng(0).normal(size=(9, 2)), ("a", "b"))


@pytest.mark.parametrize(
    ("generated", "true", "reason"),
    [
        ([[1e308], [-1e308], [1e308]], [[0.0], [1.0]], "generated values overflow"),
        ([[1.0], [2.0]], [[3.0], [3.0]], "true samples are constant"),
        ([[1.0]], [[3.0], [4.0]], "1 generated rows: at least two"),
        ([[1.0], [2.0]], [[3.0]], "1 true rows: at least two"),
    ],
)
def test_undefined_figures_are_refused(generated, true, reason):
    with pytest.raises(ValueError, match=reason):
        measure(np.array(generated), np.array(true), ("x",))


def test_score_is_one_where_every_error_is_attainable():
    attainable = {"ks": 0.05, "mean_error": 0.9, "std_error": 0.6}
    assert score(attainable, attainable) == pytest.approx(1)
    assert score({"ks": 0.1, "mean_error": 0.9, "std_error": 0.0}, attainable) == pytest.approx((2 + 1 + 0) / 3)


def test_objectives_are_means_over_replicates():
    attainable = {"ks": 0.1, "mean_error": 1.0, "std_error": 1.0}
    results = [
        Result(metrics={"ks": 0.1, "mean_error": 1.0, "std_error": 4.0, "extra": 5.0}),
        Result(metrics={"ks": 0.3, "mean_error": 3.0, "std_error": 0.0, "extra": 7.0}),
    ]
    assert mean_metrics(results) == pytest.approx({"ks": 0.2, "mean_error": 2.0, "std_error": 2.0, "extra": 6.0})
    assert objective_values(results, ("score",), attainable) == pytest.approx((2.0,))
    assert objective_values(results, ("std_error", "ks"), attainable) == pytest.approx((2.0, 0.2))
    each = [score(result.metrics, attainable) for result in results]
    assert objective_values(results, ("score",), attainable)[0] == pytest.approx(np.mean(each))
