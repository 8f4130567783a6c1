"""A generator that is data: what its steps compute, rows by seed, and how it is loaded."""

import ast
import json

import numpy as np
import pytest

from vaebench import generator
from vaebench.generator import BLOCK, FORMAT, Generator, Steps


def drawn(*steps, n=200_000):
    return Steps(steps).draw(n, np.random.default_rng(0))


def test_sources_have_the_moments_of_their_distributions():
    normal, uniform = drawn(("normal", {"units": 2})), drawn(("uniform", {"units": 3}))
    assert (normal.shape, uniform.shape) == ((200_000, 2), (200_000, 3))
    error = 1 / np.sqrt(200_000)
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=5 * error)
    np.testing.assert_allclose(normal.std(axis=0), 1, atol=5 * error)
    np.testing.assert_allclose(uniform.mean(axis=0), 0.5, atol=5 * error)
    np.testing.assert_allclose(uniform.var(axis=0), 1 / 12, atol=5 * error)


def test_layers_and_scaling_are_plain_arithmetic():
    layers = Steps(
        (
            ("dense", {"kernel": np.array([[1.0, -1.0]]), "bias": np.array([0.0, 1.0])}),
            ("relu", {}),
            ("sigmoid", {}),
            ("scale", {"factor": np.array([2.0, 4.0]), "shift": np.array([1.0, 0.0])}),
        )
    )
    got = layers.take(np.array([[3.0], [-3.0]]), np.random.default_rng(0))
    sigmoid = 1 / (1 + np.exp(-3.0))
    np.testing.assert_allclose(got, [[2 * sigmoid + 1, 2.0], [2.0, 4 / (1 + np.exp(-4.0))]])


def test_noise_is_added_by_column():
    noisy = drawn(("normal", {"units": 2}), ("noise", {"std": np.array([3.0, 0.0])}))
    np.testing.assert_allclose(noisy.var(axis=0), [10.0, 1.0], rtol=0.02)


def plain(steps=(("normal", {"units": 2}),)):
    return Generator(("a", "b"), Steps(steps))


@pytest.mark.parametrize("n", [1, 7, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_the_first_rows_do_not_depend_on_how_many_are_asked_for(n):
    many = plain().generate(3 * BLOCK + 5, seed=2)
    some = plain().generate(n, seed=2)
    assert list(some.columns) == ["a", "b"]
    np.testing.assert_array_equal(some, many[:n])
    assert not np.array_equal(some, plain().generate(n, seed=3))
    assert len(np.unique(many["a"])) == len(many), "no block repeats another"


def test_a_prediction_has_the_rows_of_each_row_of_its_input():
    predicted = plain().predict({"n": [3, 2], "seed": [1, None]})
    np.testing.assert_array_equal(predicted[:3], plain().generate(3, 1))
    np.testing.assert_array_equal(predicted[3:], plain().generate(2, 0))
    assert len(plain().predict({"n": [0]})) == 0


def saved(folder, **changed):
    content = {"format": FORMAT, "columns": ["a"], "about": {"trial": 3}, "steps": [["normal", {"units": 1}]]}
    (folder / "generator.json").write_text(json.dumps(content | changed))
    np.savez(folder / "arrays.npz")
    return folder


def test_what_another_version_wrote_is_refused(tmp_path):
    assert Generator.load(saved(tmp_path)).about == {"trial": 3}
    for changed in ({"format": FORMAT + 1}, {"steps": [["eval", {}]]}):
        with pytest.raises(ValueError, match="another version"):
            Generator.load(saved(tmp_path, **changed))


def test_arrays_that_hold_objects_are_not_loaded(tmp_path):
    saved(tmp_path)
    np.savez(tmp_path / "arrays.npz", **{"0.units": np.array([print], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        Generator.load(tmp_path)


def test_the_loader_is_short_and_imports_nothing_of_vaebench():
    with open(generator.__file__, encoding="utf-8") as file:
        text = file.read()
    assert len(text.splitlines()) < 250
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
    always = {
        "collections",
        "dataclasses",
        "functools",
        "json",
        "numpy",
        "os",
        "pandas",
        "pathlib",
        "tempfile",
        "typing",
    }
    assert names == always | {"scipy", "keras"}  # these two where a decoder needs them
