"""What every data set must do; every file of vaebench.data_sets is run through it."""

import inspect
import json
import pickle

import numpy as np
import pytest

from vaebench import parts
from vaebench.data_sets import DataSet, Truth

EXAMPLES = {
    "distribution": {"name": "gamma", "a": 2, "scale": 3},
    "mixture": [{"weight": 1, "name": "norm"}, {"weight": 2, "name": "uniform", "loc": 3}],
    "file": "rows.csv",
    "sklearn": "wine",
}
"""A value under [data]; a data set without one is parsed from an empty table."""


@pytest.fixture(params=sorted(parts.modules(DataSet)))
def data_set(request, tmp_path):
    rows = np.random.default_rng(0).normal(size=(100, 3))
    np.savetxt(tmp_path / "rows.csv", rows, delimiter=",", header="a,b,c", comments="")
    kind = parts.load(DataSet, request.param)
    part = kind.parse(EXAMPLES.get(request.param, {}), tmp_path)
    assert part.name == request.param
    return part


def draw(data_set, seed=0):
    return data_set.draw(np.random.default_rng(seed), rows=100, test_fraction=0.33, true=200, generated=200)


def test_it_says_what_it_is(data_set):
    assert (inspect.getdoc(type(data_set)) or "").splitlines()[0].endswith((".", "}.", "]."))


def test_its_draws_are_finite_rows_of_its_columns(data_set):
    drawn = draw(data_set)
    assert len(set(data_set.columns)) == len(data_set.columns) > 0
    for rows in (drawn.train, drawn.test, drawn.true, drawn.floor):
        assert rows.dtype == np.float64
        assert rows.shape[1:] == (len(data_set.columns),)
        assert np.isfinite(rows).all()
    assert len(drawn.train) == 67
    assert len(drawn.true) == (200 if data_set.available_rows is None else 17)


def test_true_samples_are_never_trained_on(data_set):
    drawn = draw(data_set)
    seen = {row.tobytes() for row in np.concatenate([drawn.train, drawn.test])}
    assert not seen & {row.tobytes() for row in drawn.true}


def test_a_draw_depends_on_the_seed_alone(data_set):
    first, other, again = draw(data_set, 1), draw(data_set, 2), draw(data_set, 1)
    for field in ("train", "test", "true", "floor"):
        np.testing.assert_array_equal(getattr(first, field), getattr(again, field))
        assert not np.array_equal(getattr(first, field), getattr(other, field))


def test_it_crosses_to_a_worker_and_to_the_record(data_set):
    copies = pickle.loads(pickle.dumps(data_set)), type(data_set).from_plain(json.loads(json.dumps(data_set.plain())))
    for copy in copies:
        assert copy == data_set
        assert hash(copy) == hash(data_set)
        np.testing.assert_array_equal(draw(copy).train, draw(data_set).train)


def test_where_it_can_be_fitted_the_fit_is_of_its_kind(data_set):
    if not isinstance(data_set, Truth):
        return
    train = draw(data_set).train
    copy = train.copy()
    found = data_set.maximum_likelihood(train)
    assert found is None or type(found) is type(data_set)
    assert found == data_set.maximum_likelihood(train)
    np.testing.assert_array_equal(train, copy)
    if found is not None:
        assert found.sample(5, np.random.default_rng(0)).shape == (5, len(data_set.columns))
