"""Rows of a mixture of distributions."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from vaebench.data_sets.distribution import Distribution
from vaebench.data_sets.mixture import Mixture
from vaebench.errors import InputError

TWO = [{"weight": 3, "name": "norm", "loc": -5}, {"weight": 1, "name": "norm", "loc": 5, "scale": 2}]


def cdf(x):
    return 0.75 * stats.norm(-5).cdf(x) + 0.25 * stats.norm(5, 2).cdf(x)


def test_weights_are_normalised():
    assert [weight for weight, _ in Mixture.parse(TWO, Path()).components] == [0.75, 0.25]


def test_rows_follow_the_mixture():
    data_set = Mixture.parse(TWO, Path())
    drawn = data_set.draw(np.random.default_rng(0), rows=100, test_fraction=0.33, true=15_000, generated=15_000)
    assert (len(drawn.train), len(drawn.test), data_set.columns) == (67, 33, ("x",))
    for sample in (drawn.true, drawn.floor):
        assert stats.kstest(sample[:, 0], cdf).pvalue > 1e-3
    assert not np.array_equal(drawn.true, drawn.floor)
    np.testing.assert_allclose(data_set.cdf([-5.0, 0.0, 5.0]), cdf(np.array([-5.0, 0.0, 5.0])))


def test_the_order_of_components_is_not_the_order_of_rows():
    train = (
        Mixture.parse(TWO, Path())
        .draw(np.random.default_rng(0), rows=100, test_fraction=0.33, true=9, generated=9)
        .train
    )
    assert (np.diff((train[:, 0] > 0).astype(int)) > 0).sum() > 3


def test_plain_values_give_it_back():
    data_set = Mixture.parse([*TWO, {"weight": 0.1, "name": "gamma", "a": 2}], Path())
    assert Mixture.from_plain(data_set.plain()) == data_set


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], ["mixture = []", "list of distributions"]),
        ({"name": "norm"}, ["mixture = ", "list of distributions"]),
        ([{"name": "norm"}], ["component 1", "weight"]),
        ([{"weight": 0, "name": "norm"}], ["component 1", "weight = 0", "positive"]),
        ([{"weight": "a", "name": "norm"}], ["weight = 'a'", "positive"]),
        ([TWO[0], {"weight": float("nan"), "name": "norm"}], ["component 2", "weight = nan"]),
        ([TWO[0], {"weight": 1, "name": "nrm"}], ["component 2", "'nrm'", "did you mean 'norm'"]),
        ([TWO[0], {"weight": 1, "name": "norm", "scale": -2}], ["component 2", "scipy refuses", "scale = -2"]),
        ([TWO[0], {"weight": 1, "name": "cauchy"}], ["component 2", "'cauchy'", "no finite mean"]),
    ],
)
def test_wrong_components_are_refused(value, words):
    with pytest.raises(InputError) as error:
        Mixture.parse(value, Path())
    for word in words:
        assert word in str(error.value)


def log_likelihood(mixture, x):
    return np.log(sum(w * stats.norm(**dict(law.params)).pdf(x) for w, law in mixture.components)).sum()


def test_maximum_likelihood_of_clusters_far_apart_is_each_clusters():
    random = np.random.default_rng(0)
    parts = random.normal(-50, 1, 40), random.normal(50, 2, 27)
    found = Mixture.parse(
        [{"weight": 3, "name": "norm", "loc": -45}, {"weight": 1, "name": "norm", "loc": 45, "scale": 3}], Path()
    ).maximum_likelihood(np.concatenate(parts).reshape(-1, 1))
    for (weight, law), part in zip(found.components, parts, strict=True):
        assert weight == pytest.approx(len(part) / 67)
        # the ridge is a millionth of all rows' variance, 2500
        assert dict(law.params) == pytest.approx({"loc": part.mean(), "scale": np.sqrt(part.var() + 2.5e-3)}, rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_maximum_likelihood_of_overlapping_clusters_is_flat_there(seed):
    truth = Mixture.parse([{"weight": 1, "name": "norm"}, {"weight": 1, "name": "norm", "loc": 3}], Path())
    x = truth.sample(300, np.random.default_rng(seed))
    found = truth.maximum_likelihood(x)
    best = log_likelihood(found, x)
    assert best > log_likelihood(truth, x)
    (weight, first), (_, second) = found.components
    for step in (-0.02, 0.02):
        for near in (
            ((weight + step, first), (1 - weight - step, second)),
            *(
                ((weight, Distribution("norm", (("loc", p["loc"]), ("scale", p["scale"])))), (1 - weight, second))
                for p in ({**dict(first.params), name: dict(first.params)[name] + step} for name in ("loc", "scale"))
            ),
        ):
            assert log_likelihood(Mixture(near), x) < best


@pytest.mark.parametrize("rows", [[5.0] * 9, [1.0], [1.0, 2.0], [0.0, 0.0, 0.0, 1e9]], ids=str)
def test_bad_rows_have_no_maximum_likelihood_or_one_that_can_be_drawn_from(rows):
    found = Mixture.parse(TWO, Path()).maximum_likelihood(np.array(rows).reshape(-1, 1))
    assert found is None or np.isfinite(found.sample(100, np.random.default_rng(0))).all()
    if np.ptp(rows) == 0:
        assert found is None


def test_a_mixture_of_others_is_not_fitted():
    data_set = Mixture.parse([*TWO, {"weight": 1, "name": "uniform"}], Path())
    assert data_set.maximum_likelihood(data_set.sample(67, np.random.default_rng(0))) is None
