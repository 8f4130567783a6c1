"""Rows of a SciPy distribution."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from vaebench.data_sets.distribution import Distribution
from vaebench.errors import InputError


def parse(**table):
    return Distribution.parse(table, Path())


def draw(data_set, seed=0, *, rows=100, test_fraction=0.33, true=15_000, generated=12_000):
    return data_set.draw(
        np.random.default_rng(seed), rows=rows, test_fraction=test_fraction, true=true, generated=generated
    )


def test_the_rows_are_split_67_to_33_and_all_samples_are_fresh():
    drawn = draw(parse(name="norm", loc=100, scale=10))
    assert [x.shape for x in (drawn.train, drawn.test, drawn.true, drawn.floor)] == [
        (67, 1),
        (33, 1),
        (15_000, 1),
        (12_000, 1),
    ]
    together = np.concatenate([drawn.train, drawn.test, drawn.true, drawn.floor])
    assert len(np.unique(together)) == len(together)


@pytest.mark.parametrize(
    ("table", "law"),
    [
        ({"name": "norm", "loc": 100, "scale": 10}, stats.norm(100, 10)),
        ({"name": "gamma", "a": 2.5, "scale": 3}, stats.gamma(2.5, scale=3)),
        ({"name": "t", "df": 5}, stats.t(5)),
    ],
)
def test_true_samples_follow_the_distribution(table, law):
    data_set = parse(**table)
    drawn = draw(data_set)
    for sample in (drawn.true, drawn.floor):
        assert stats.kstest(sample[:, 0], law.cdf).pvalue > 1e-3
    x = np.linspace(-5, 130, 14).reshape(7, 2)
    np.testing.assert_allclose(data_set.cdf(x), law.cdf(x))


def test_a_discrete_distribution_gives_float_rows():
    drawn = draw(parse(name="poisson", mu=4))
    assert drawn.train.dtype == np.float64
    assert drawn.true.mean() == pytest.approx(4, abs=0.1)


def test_a_draw_depends_on_its_seed_alone():
    first, same, other = (draw(parse(name="norm"), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train, same.train)
    np.testing.assert_array_equal(first.floor, same.floor)
    assert not np.array_equal(first.train, other.train)


def test_more_true_samples_leave_the_training_rows_alone():
    np.testing.assert_array_equal(draw(parse(name="norm"), true=10).train, draw(parse(name="norm"), true=99).train)


def test_plain_values_give_it_back():
    data_set = parse(name="gamma", scale=2, a=1.5)
    assert data_set == parse(name="gamma", a=1.5, scale=2)
    assert Distribution.from_plain(data_set.plain()) == data_set
    assert hash(data_set) == hash(Distribution.from_plain(data_set.plain()))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"name": "norml"}, ["distribution.name", "'norml'", "known:", "lognorm", "did you mean 'norm'"]),
        ({"name": "norm", "mu": 3}, ["'norm'", "'mu'", "known: loc, scale"]),
        ({"name": "norm", "scale": -1}, ["scipy refuses", "'norm'", "scale = -1"]),
        ({"name": "beta", "a": -1, "b": 2}, ["scipy refuses", "'beta'", "a = -1"]),
        ({"name": "poisson", "mu": 1e300}, ["scipy refuses", "'poisson'", "mu = 1e+300"]),
        ({"name": "gamma"}, ["'gamma'", "lacks a", "a, loc, scale"]),
        ({"name": "norm", "loc": "ten"}, ["distribution.loc", "'ten'", "number"]),
        ({"name": "norm", "loc": True}, ["distribution.loc", "True", "number"]),
        ({"name": "norm", "loc": float("inf")}, ["distribution.loc", "inf", "finite"]),
        ({"name": "poisson", "mu": 3, "scale": 2}, ["'poisson'", "'scale'", "known: loc, mu"]),
        ({"name": "cauchy"}, ["'cauchy'", "no finite mean and standard deviation", "scored"]),
        ({"name": "pareto", "b": 1.5}, ["'pareto'", "b = 1.5", "inf"]),
        ({"name": "t", "df": 2}, ["'t'", "no finite"]),
        ({"name": "bernoulli", "p": 1}, ["'bernoulli'", "constant"]),
        ({"loc": 3}, ["name", "expected"]),
    ],
)
def test_what_cannot_be_drawn_or_scored_is_refused(table, words):
    with pytest.raises(InputError) as error:
        parse(**table)
    for word in words:
        assert word in str(error.value)


def test_a_distribution_must_be_a_table():
    with pytest.raises(InputError, match=r"distribution = 'norm': a table .* such as"):
        Distribution.parse("norm", Path())


def fitted(rows, **table):
    found = parse(**table).maximum_likelihood(np.asarray(rows, dtype=float).reshape(-1, 1))
    return found and dict(found.params)


def test_maximum_likelihood_of_closed_forms():
    x = np.random.default_rng(0).lognormal(4.0, 0.6, 67)
    assert fitted(x, name="norm", loc=50) == pytest.approx({"loc": x.mean(), "scale": x.std()})
    assert fitted(x, name="expon") == pytest.approx({"loc": 0.0, "scale": x.mean()})
    assert fitted(x, name="expon", loc=2) == pytest.approx({"loc": 2.0, "scale": x.mean() - 2})
    assert fitted(x, name="uniform", scale=900) == pytest.approx({"loc": x.min(), "scale": np.ptp(x)})
    logs = np.log(x)
    expected = {"loc": 0.0, "s": logs.std(), "scale": np.exp(logs.mean())}
    assert fitted(x, name="lognorm", s=0.5, scale=40) == pytest.approx(expected)
    shifted = {**expected, "loc": 7.0}
    assert fitted(x + 7, name="lognorm", s=0.5, scale=40, loc=7) == pytest.approx(shifted)
    power = {"b": 1 / np.mean(np.log(x / x.min())), "loc": 0.0, "scale": x.min()}
    assert fitted(x, name="pareto", b=3, scale=x.min()) == pytest.approx(power)


@pytest.mark.parametrize(
    "table",
    [
        {"name": "gamma", "a": 2.0, "scale": 3.0},
        {"name": "t", "df": 5.0, "loc": 10.0, "scale": 2.0},
        {"name": "weibull_min", "c": 1.5, "scale": 4.0},
        {"name": "logistic", "loc": 1.0},
        {"name": "beta", "a": 2.0, "b": 3.0, "loc": 1.0, "scale": 4.0},
        {"name": "skewnorm", "a": 2.0},
    ],
    ids=lambda table: table["name"],
)
def test_no_near_parameters_are_likelier(table):
    """The likelihood is flat at what is found: no step of a hundredth in one free parameter gains anything."""
    data_set = parse(**table)
    x = data_set.sample(300, np.random.default_rng(1))
    found = data_set.maximum_likelihood(x)
    law, params = getattr(stats, data_set.family), dict(found.params)
    best = law.logpdf(x, **params).sum()
    assert best > law.logpdf(x, **dict(data_set.params)).sum()
    free = {name for name, value in params.items() if value != {"loc": 0.0, "scale": 1.0, **table}[name]}
    assert (
        free
        == {
            "gamma": {"a", "scale"},
            "t": {"df", "loc", "scale"},
            "weibull_min": {"c", "scale"},
            "logistic": {"loc", "scale"},
            "beta": {"a", "b"},
            "skewnorm": {"a", "loc", "scale"},
        }[data_set.family]
    )
    for name in free:
        for step in (-0.01, 0.01):
            assert law.logpdf(x, **{**params, name: params[name] + step}).sum() <= best + 1e-4, (name, step)


@pytest.mark.parametrize(
    "table",
    [
        {"name": "poisson", "mu": 4},
        {"name": "truncnorm", "a": -1, "b": 2},
        {"name": "levy_stable", "alpha": 2, "beta": 0},
        {"name": "arcsine"},
        {"name": "erlang", "a": 2},
    ],
    ids=lambda table: table["name"],
)
def test_families_that_are_not_fitted(table):
    data_set = parse(**table)
    assert data_set.maximum_likelihood(data_set.sample(67, np.random.default_rng(0))) is None


@pytest.mark.parametrize("name", ["norm", "gamma", "lognorm", "expon", "t", "uniform", "beta", "erlang"])
@pytest.mark.parametrize("rows", [[5.0] * 9, [0.0] * 3, [-1.0, 2.0], [0.3], [1e200, -1e200, 3.0]], ids=str)
def test_bad_rows_have_no_fit_or_one_that_can_be_drawn_from(name, rows):
    shapes = {"gamma": {"a": 2}, "lognorm": {"s": 1}, "t": {"df": 5}, "beta": {"a": 2, "b": 2}, "erlang": {"a": 2}}
    found = parse(name=name, **shapes.get(name, {})).maximum_likelihood(np.array(rows).reshape(-1, 1))
    assert found is None or np.isfinite(found.sample(100, np.random.default_rng(0))).all()
    if name == "norm" and np.ptp(rows) == 0:
        assert found is None
