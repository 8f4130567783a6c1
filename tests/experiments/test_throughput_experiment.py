"""The throughput experiment: its studies are valid, its naive harness evaluates, its arithmetic counts right."""

import warnings
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from small_specs import small_replicate, small_spec

from vaebench.study.file import load

FOLDER = Path(__file__).parents[2] / "experiments" / "throughput"


@pytest.fixture
def naive(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    with warnings.catch_warnings(action="ignore"):  # those of MLflow's import
        import naive
    return naive


@pytest.mark.parametrize("name", ["throughput", "long"])
def test_each_study_is_valid_and_searches_both_variants_without_confirming(name):
    definition = load(FOLDER / f"{name}.toml")
    assert definition.name == name
    assert set(definition.arms[0].space.nodes["variant"].branches) == {"ae", "vae"}
    assert (definition.replicates, definition.confirm_top) == (1, 0)


@pytest.mark.parametrize("variant", ["ae", "vae"])
def test_the_naive_harness_learns_and_scores_in_the_data_s_own_units(naive, variant):
    spec = small_spec(variant, latent_sampler="gaussian", dropout=0.0, epochs=30, early_stopping="training_loss")
    scores, curves = naive.train_and_score(spec, small_replicate())
    assert curves["loss"][-1] < curves["loss"][0]
    # Rows of N(100, 10) from a model of standardised rows: an error of units would be ten times as large.
    assert scores["ks"] < 0.5
    assert scores["mean_error"] < 10
    assert scores["std_error"] < 9


def test_the_naive_vae_minimises_half_the_squared_error_plus_beta_kl(naive):
    spec = small_spec("vae", epochs=1)
    curves = naive.train_and_score(spec, small_replicate())[1]
    expected = curves["reconstruction"][0] + spec.variant.beta * curves["kl"][0]
    assert curves["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_operations_are_six_a_weight_and_row_but_for_the_first_layer_s_input_gradient(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    from arithmetic import training

    spec = replace(small_spec("vae"), encoder=(8,), decoder=(5,), latent_dim=3, batch_size=11, epochs=2)
    counts = training(spec, 1, 67, heads=2)
    weights = 1 * 8 + 8 * 3 + 8 * 3 + 3 * 5 + 5 * 1
    operations = sum(product.operations * count for product, count in counts.items())
    assert operations == 2 * 67 * (6 * weights - 2 * 8)
