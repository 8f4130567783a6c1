"""Scaling of columns of every kind: exact, increasing, standardised, and undone within the support of each column."""

import warnings
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_wine
from sklearn.preprocessing import PowerTransformer

from vaebench.margins import MOST
from vaebench.rows import Support
from vaebench.study.spec import Scaling
from vaebench.study.support import ColumnSupport
from vaebench.trial import curves
from vaebench.trial.scaling import Scaler

SCALINGS = get_args(Scaling)
STANDARDISED = ("standard", "power", "quantile", "log")
INF = np.inf


def columns(n=67, seed=0):
    """Return a column of each kind, by its name."""
    random = np.random.default_rng(seed)
    zeros = random.random(n) < 0.6
    return {
        "normal": random.normal(100.0, 10.0, n),
        "log-normal": np.exp(random.normal(size=n)),
        "huge range": np.exp(random.normal(0, 4, n)) * 1e9,
        "exponential": random.exponential(size=n),
        "negative": -random.exponential(size=n),
        "heavy tail": random.standard_t(2.5, n),
        "zero-inflated": np.where(zeros, 0.0, random.exponential(size=n)),
        "uniform": random.random(n),
        "counts": random.poisson(3.0, n).astype(float),
        "months": random.integers(1, 13, n).astype(float),
        "dose": random.choice([0.5, 1.0, 2.5], n),
        "0 or 1": (random.random(n) < 0.2).astype(float),
        "ties": np.repeat(random.normal(size=n // 4 + 1), 4)[:n],
        "outlier": np.append(random.normal(size=n - 1), 1e6),
        "constant": np.full(n, 0.1),
    }


KINDS = tuple(columns())
BOUNDS = {"log-normal": (0.0, INF), "negative": (-30.0, 0.0), "uniform": (0.0, 1.0), "months": (1.0, 12.0)}
TABLE = np.stack(list(columns().values()), axis=1)


def fitted(scaling, x, support=Support(learned=True)):  # noqa: B008 - it is frozen
    return Scaler.fit(scaling, x.reshape(len(x), -1), support)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_training_rows_come_back_exactly(scaling):
    """To 1e-9 of the column's spread, with all columns at once and whatever is known of them."""
    declared = Support(tuple(BOUNDS.get(kind, (-INF, INF)) for kind in KINDS), learned=True)
    for support in (Support(), Support(learned=True), declared):
        scaler = Scaler.fit(scaling, TABLE, support)
        z = scaler.transform(TABLE)
        spread = np.where(np.ptp(TABLE, axis=0) > 0, TABLE.std(axis=0), 1.0)
        assert (np.abs(scaler.inverse(z) - TABLE) <= 1e-9 * spread).all()
        if scaling in STANDARDISED:
            np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-9)
            np.testing.assert_allclose(z.std(axis=0)[:-1], 1.0)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_increases_and_comes_back_also_beyond_the_training_rows(scaling, kind):
    x = columns()[kind]
    if scaling == "quantile" and len(np.unique(x)) < len(x) - 1:
        return  # of values that repeat, see below
    scaler = fitted(scaling, x, Support())
    far = np.linspace(x.min() - 2 * np.ptp(x) - 1, x.max() + 2 * np.ptp(x) + 1, 2001)[:, None]
    z = scaler.transform(far)
    assert np.isfinite(z).all()
    assert (np.diff(z[:, 0]) > 0).all()
    np.testing.assert_allclose(scaler.inverse(z), far, rtol=1e-9, atol=1e-9 * (np.ptp(x) + 1))


@pytest.mark.parametrize("scaling", SCALINGS)
def test_no_generated_row_is_outside_and_none_piles_up_at_an_end(scaling):
    declared = tuple(BOUNDS.get(kind, (-INF, INF)) for kind in KINDS)
    scaler = Scaler.fit(scaling, TABLE, Support(declared, learned=True))
    z = scaler.transform(TABLE)
    noise = np.random.default_rng(1).normal(size=(15_000, len(KINDS)))
    rows = scaler.inverse(z.mean(axis=0) + 2.0 * z.std(axis=0) * noise)
    assert np.isfinite(rows).all()
    for kind, each, column in zip(KINDS, scaler.supports, rows.T, strict=True):
        assert each.low <= column.min() <= column.max() <= each.high, kind
        assert not each.whole or (column == np.rint(column)).all()
        assert not each.values or set(np.unique(column)) == {0.5, 1.0, 2.5}
        repeats = kind in ("constant", "dose") or (scaling == "quantile" and kind in ("zero-inflated", "ties"))
        if not each.whole and not repeats:
            assert len(np.unique(column)) > 14_990, f"{kind} has atoms"


@given(
    x=st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=2, max_size=30),
    low=st.sampled_from([None, 0.0, 1e-3, 50.0]),
    high=st.sampled_from([None, 0.0, 1e-3, 50.0]),
    learned=st.booleans(),
    scaling=st.sampled_from(SCALINGS),
)
@settings(max_examples=300, deadline=None)
def test_whatever_the_column_it_is_exact_increasing_and_within(x, low, high, learned, scaling):
    train = np.array(x)
    low = -INF if low is None else train.min() - low
    high = INF if high is None else train.max() + high
    if low == high:
        return
    scaler = fitted(scaling, train, Support(((low, high),), learned))
    z = scaler.transform(train[:, None])
    assert np.abs(scaler.inverse(z)[:, 0] - train).max() <= 1e-9 * max(np.ptp(train), 1e-3)
    order = np.argsort(train)
    assert (np.diff(z[order, 0]) >= 0).all()
    assert len(np.unique(z)) == len(np.unique(train))
    drawn = scaler.inverse(np.linspace(z.min() - 5, z.max() + 5, 999)[:, None])
    assert np.isfinite(drawn).all()
    assert low <= drawn.min() <= drawn.max() <= high


# ---- the curves


def test_box_cox_is_scipys():
    x = columns(500)["log-normal"]
    curve = curves.box_cox(x)
    expected, exponent = stats.boxcox(x)
    assert curve.arguments["exponent"] == pytest.approx(exponent, abs=1e-4)
    np.testing.assert_allclose(curve(x), expected, atol=1e-3)


def test_yeo_johnson_is_scikit_learns():
    x = columns(500)["heavy tail"] + 0.5
    curve = curves.yeo_johnson(x)
    reference = PowerTransformer(standardize=False).fit(x[:, None])
    assert curve.arguments["exponent"] == pytest.approx(reference.lambdas_[0], abs=1e-3)
    np.testing.assert_allclose(curve(x), reference.transform(x[:, None])[:, 0], atol=1e-2)


def test_normal_scores_are_the_normal_quantiles_of_mid_ranks():
    curve = curves.normal_scores(np.array([3.0, 1.0, 2.0, 2.0]))
    expected = stats.norm.ppf([0.125, 0.5, 0.875])
    np.testing.assert_allclose(curve(np.array([1.0, 2.0, 3.0])), expected)
    assert curve(np.array([1.5]))[0] == pytest.approx(expected[:2].mean())
    normal = np.sort(np.random.default_rng(0).normal(size=5000))
    kept = curves.normal_scores(normal)
    assert len(np.unique(kept.arguments["values"])) == MOST
    middle = np.abs(normal) < 2.0
    np.testing.assert_allclose(kept(normal)[middle], normal[middle], atol=0.1)


def test_values_that_repeat_keep_their_share_with_normal_scores():
    x = np.array([0.0, 0.0, 0.0, 0.0, 1.5, 2.5, 3.5, 3.5, 4.5, 5.5])
    rows = fitted("quantile", x, Support()).inverse(fitted_normal(x))
    assert (rows == 0.0).mean() == pytest.approx(0.4, abs=0.02)
    assert (rows == 3.5).mean() == pytest.approx(0.2, abs=0.02)
    assert len(np.unique(rows)) > 3000
    coin = np.repeat([0.0, 0.2], [15, 5])
    rows = fitted("quantile", coin, Support()).inverse(fitted_normal(coin))
    assert set(np.unique(rows)) == {0.0, 0.2}
    assert (rows == 0.2).mean() == pytest.approx(0.25, abs=0.02)


def fitted_normal(x):
    """Return 10,000 scaled draws whose normal scores are standard normal."""
    curve, scaler = curves.normal_scores(x), fitted("quantile", x, Support())
    scores = stats.norm.ppf((np.arange(10_000) + 0.5) / 10_000)
    return ((scores - curve(x).mean()) / curve(x).std())[:, None] + 0.0 * scaler.shift


def test_whole_numbers_stay_between_declared_bounds_that_are_none():
    x = np.array([1.0, 2.0, 4.0, 9.0])
    scaler = fitted("standard", x, Support(((0.4, 9.6),), learned=True))
    assert scaler.supports == (ColumnSupport(1.0, 9.0, whole=True),)
    rows = scaler.inverse(np.linspace(-9, 9, 10_001)[:, None])
    assert set(np.unique(rows)) == set(range(1, 10))


def test_log_is_the_logarithm_from_an_end_and_the_logit_between_two():
    x = np.exp(np.random.default_rng(0).normal(size=67))
    z = fitted("log", 5 + x, Support(((5.0, INF),))).transform(5 + x[:, None])
    np.testing.assert_allclose(z[:, 0], stats.zscore(np.log(x)))
    z = fitted("log", 5 - x, Support(((-INF, 5.0),))).transform(5 - x[:, None])
    np.testing.assert_allclose(z[:, 0], stats.zscore(-np.log(x)))
    share = 1 / (1 + x)
    z = fitted("log", share, Support(((0.0, 1.0),))).transform(share[:, None])
    np.testing.assert_allclose(z[:, 0], stats.zscore(-np.log(x)))


def test_undoing_a_power_does_not_explode_on_wine():
    """Where scikit-learn's does: a normal distribution of its transformed rows, undone, has no finite spread."""
    rows = load_wine().data
    z = np.random.default_rng(0).normal(size=(100_000, rows.shape[1]))
    for scaling in ("power", "quantile", "log"):
        spread = Scaler.fit(scaling, rows, Support(learned=True)).inverse(z).std(axis=0) / rows.std(axis=0)
        assert 0.8 < spread.min() <= spread.max() < (1.5 if scaling == "log" else 1.25)
    theirs = PowerTransformer().fit(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        undone = theirs.inverse_transform(z)
    assert np.isnan(undone[:, 1]).any()
    assert np.nanstd(undone[:, 1]) > 2.5 * rows[:, 1].std()
