from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from vaebench.data_sets.distribution import Distribution
from vaebench.errors import InputError


def parse(**table):
    return Distribution.parse(table, Path())


def draw(data_set, seed=0, *, rows=100, test_fraction=0.33, true=15_000):
    return data_set.draw(np.random.default_rng(seed), rows=rows, test_fraction=test_fraction, true=true)


def test_the_rows_are_split_67_to_33_and_all_samples_are_fresh():
    drawn = draw(parse(name="norm", loc=100, scale=10))
    assert [x.shape for x in (drawn.train, drawn.test, drawn.true, drawn.floor)] == [
        (67, 1),
        (33, 1),
        (15_000, 1),
        (15_000, 1),
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
    one, same, other = (draw(parse(name="norm"), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.train, same.train)
    np.testing.assert_array_equal(one.floor, same.floor)
    assert not np.array_equal(one.train, other.train)


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
