"""Baselines generate within declared bounds, and what they generated there anyway they still do."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaebench.baselines import Baseline
from vaebench.baselines.gmm import Gmm
from vaebench.data_sets import DataSet
from vaebench.data_sets.distribution import Distribution
from vaebench.data_sets.sklearn import SklearnTable
from vaebench.parts import modules
from vaebench.rows import Draw, Support
from vaebench.scoring.baseline_scores import baseline, evaluate_baseline, generated_rows, rows_of_baseline
from vaebench.scoring.score import measure
from vaebench.seeds import generator
from vaebench.study.file import from_plain, read, to_plain
from vaebench.study.file.earlier import going_on
from vaebench.study.replicate import Replicate

NORMAL = Distribution("norm")
IRIS = SklearnTable.parse({"table": "iris", "columns": ["sepal length (cm)", "petal width (cm)"]}, Path())
GAPS = st.tuples(*2 * [st.sampled_from([0.0, 0.01, 1.0, np.inf])])
"""How far a column's lowest and highest bound are beyond its rows."""


@cache
def generated(name: str, data_set: DataSet, bounds: tuple[tuple[float, float], ...]) -> np.ndarray:
    replicate = Replicate(data_set, 30, 0.33, 500, 500, 0, "search", 0)
    draw = replace(replicate.draw(), support=Support(bounds))
    return rows_on(name, replicate, draw)


def rows_on(name: str, replicate: Replicate, draw: Draw) -> np.ndarray:
    random = generator("baseline", name, replicate.seed)
    return generated_rows(baseline(name), draw, replicate.generated, random, replicate.data_set)


@pytest.mark.parametrize("name", modules(Baseline))
@given(gaps=st.lists(GAPS, min_size=2, max_size=2))
@settings(max_examples=3, deadline=None)
def test_no_baseline_generates_outside_declared_bounds(name, gaps):
    for data_set in (NORMAL, IRIS):
        if not baseline(name).suits(data_set):
            continue
        train = Replicate(data_set, 30, 0.33, 500, 500, 0, "search", 0).draw().train
        bounds = tuple((x.min() - low, x.max() + high) for x, (low, high) in zip(train.T, gaps, strict=False))
        rows, free = generated(name, data_set, bounds), generated(name, data_set, ())
        low, high = np.array(bounds).T
        assert ((rows >= low) & (rows <= high)).all()
        inside = (free >= low) & (free <= high)
        np.testing.assert_array_equal(rows[inside], free[inside])
        for end in (low, high):
            assert ((rows == end).sum(axis=0) <= (free == end).sum(axis=0)).all(), "nothing piles up at an end"


def test_baselines_know_what_is_declared_and_not_what_rows_show_or_what_was_unknown_when_the_study_began():
    """A Gaussian of positive numbers has negative ones, though trials learn from the rows that there are none."""
    tables = {"study": {"name": "positive"}, "data": {"distribution": {"name": "expon"}}, "search": {}}
    undeclared = read(tables, Path())
    declared = read(tables | {"data": tables["data"] | {"columns": {"x": {"min": 0}}}}, Path())
    earlier = replace(declared, defaults=2)
    of = [each.baseline_replicate("search", 0) for each in (undeclared, declared, earlier, going_on(earlier, declared))]
    least = [rows_on("gaussian", each, each.draw()).min() for each in of]
    assert least[0] == least[2] == least[3] < 0 <= least[1]
    assert evaluate_baseline("gaussian", of[1]).metrics["ks"] < evaluate_baseline("gaussian", of[0]).metrics["ks"]
    assert from_plain(to_plain(earlier)) == earlier


def test_whole_numbers_are_whole_and_few_values_few_where_trials_know_that_they_are():
    """A Gaussian of Poisson(4), rounded, is nearer to it than the bootstrap. In an earlier study it is not rounded."""
    tables = {"study": {"name": "counts"}, "data": {"distribution": {"name": "poisson", "mu": 4}}, "search": {}}
    now = read(tables, Path())
    unlearned = read(tables | {"data": tables["data"] | {"learn_support": False}}, Path())
    earlier = going_on(replace(now, defaults=4), now)
    of = [[each.baseline_replicate("search", index) for index in range(8)] for each in (now, unlearned, earlier)]
    assert [(rows_on("gaussian", first, first.draw()) % 1 == 0).all() for first, *_ in of] == [True, False, False]
    ks = [np.mean([evaluate_baseline("gaussian", draw).metrics["ks"] for draw in draws]) for draws in of]
    copied = np.mean([evaluate_baseline("bootstrap", draw).metrics["ks"] for draw in of[0]])
    assert ks[0] < 0.9 * copied < copied < ks[1] == ks[2]


def test_a_study_begun_with_a_mixture_of_at_most_8_components_goes_on_with_it():
    tables = {"study": {"name": "curve"}, "data": {"spiral": {}, "rows": 500}, "evaluation": {"generated": 1000}}
    new = read(tables | {"search": {}}, Path())
    earlier = replace(new, defaults=5)
    of = [each.baseline_replicate("search", 0) for each in (new, earlier, going_on(earlier, new))]
    now, before, resumed = (evaluate_baseline("gmm", each).metrics for each in of)
    assert before == resumed != now
    train = of[0].draw().train
    rows = Gmm(8).generate(train, 1000, generator("baseline", "gmm", of[0].seed), new.data_set)
    assert before == measure(rows, of[0].draw(), new.data_set, "search")
    used = [rows_of_baseline(each, "gmm", 50, 0) for each in (new, earlier)]
    assert not used[0].equals(used[1])


def test_for_use_a_baseline_is_fitted_to_all_rows_of_a_table():
    definition = read({"study": {"name": "iris"}, "data": {"sklearn": "iris"}, "search": {}}, Path())
    rows = rows_of_baseline(definition, "bootstrap", 5000, 0)
    every = definition.fitted_for_use().train
    assert list(rows.columns) == list(definition.data_set.columns)
    assert {tuple(row) for row in rows.to_numpy()} == {tuple(row) for row in every}
    assert len(every) == 150


def test_rows_for_use_are_within_what_the_training_rows_show():
    """A Gaussian of counts is neither negative nor broken where its rows are for use."""
    definition = read(
        {"study": {"name": "counts"}, "data": {"distribution": {"name": "poisson", "mu": 2}}, "search": {}}, Path()
    )
    x = rows_of_baseline(definition, "gaussian", 2000, 0)["x"]
    assert (x >= 0).all()
    assert (x == x.round()).all()
