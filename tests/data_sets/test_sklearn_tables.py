"""The tables of scikit-learn, by name."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from vaebench.data_sets.sklearn import TABLES, SklearnTable
from vaebench.errors import InputError
from vaebench.scoring.baseline_scores import baseline_names

HERE = Path()


@pytest.mark.parametrize(("table", "shape"), [("iris", (150, 4)), ("wine", (178, 13)), ("diabetes", (442, 10))])
def test_a_table_is_split_as_a_file_is(table, shape):
    data_set = SklearnTable.parse(table, HERE)
    assert (data_set.available_rows, len(data_set.columns)) == shape
    drawn = data_set.draw(np.random.default_rng(0), rows=shape[0], test_fraction=0.4, true=9, generated=9)
    every = np.concatenate([drawn.train, drawn.test, drawn.true])
    values = getattr(datasets, f"load_{table}")().data
    np.testing.assert_array_equal(every[np.lexsort(every.T)], values[np.lexsort(values.T)])
    np.testing.assert_array_equal(drawn.floor, np.concatenate([drawn.train, drawn.test]))
    assert len(drawn.train) == round(0.6 * shape[0])
    assert "true_family" not in baseline_names(data_set)


def test_every_table_has_finite_columns_that_vary():
    for table in TABLES:
        data_set = SklearnTable.parse(table, HERE)
        rows = data_set.draw(np.random.default_rng(0), rows=100, test_fraction=0.5, true=9, generated=9).train
        assert np.isfinite(rows).all()
        assert (np.ptp(rows, axis=0) > 0).all()


def test_some_of_its_columns_in_their_order():
    data_set = SklearnTable.parse({"table": "wine", "columns": ["proline", "alcohol"]}, HERE)
    drawn = data_set.draw(np.random.default_rng(0), rows=178, test_fraction=0.4, true=9, generated=9)
    assert data_set.columns == ("proline", "alcohol")
    assert drawn.train[:, 0].mean() > 500 > 20 > drawn.train[:, 1].mean()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("irsi", "sklearn = 'irsi': unknown table 'irsi'; did you mean 'iris'?"),
        ("titanic", "unknown table 'titanic'"),
        (3, "is expected"),
        ({"table": "iris", "colums": ["a"]}, "did you mean 'columns'?"),
        ({"table": "wine", "columns": ["alcohl"]}, "did you mean 'alcohol'?"),
    ],
)
def test_what_there_is_not_is_said(value, said):
    with pytest.raises(InputError) as caught:
        SklearnTable.parse(value, HERE)
    assert said in str(caught.value)
    if value == "titanic":
        assert all(table in str(caught.value) for table in TABLES)
