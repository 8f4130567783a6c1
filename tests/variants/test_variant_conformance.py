"""What every variant must do; every file of vaebench.variants, and every installed variant, is run through it."""

import dataclasses

import numpy as np
import pytest
from linear_networks import LinearNetworks
from small_specs import small_replicate, small_spec

from vaebench.engine.batch import Batch
from vaebench.engine.network_of import network_of
from vaebench.engine.perceptron import Assigned
from vaebench.engine.structure import Structure, assigned_fields
from vaebench.engine.train import start_of
from vaebench.engine.training_loop import settings_of
from vaebench.parts import load, modules
from vaebench.tf_setup import tf
from vaebench.trial.evaluate import evaluate
from vaebench.variants import Terms, Variant

ROWS, COLUMNS = 9, 2
LATE = 1e9


@pytest.fixture(params=modules(Variant))
def variant(request):
    return load(Variant, request.param)()


@pytest.fixture
def x():
    return tf.constant(np.random.default_rng(1).normal(size=(ROWS, COLUMNS)), tf.float32)


def networks(variant, latent_dim=3):
    return LinearNetworks(COLUMNS, latent_dim, stochastic=variant.stochastic)


def assigned(variant):
    """Return the variant as a program holds it: what is assigned are scalar tensors."""
    tensors = {name: tf.constant(float(getattr(variant, name))) for name in assigned_fields(variant)}
    return dataclasses.replace(variant, **tensors)


@pytest.mark.parametrize("latent_dim", [1, 42])
def test_its_terms_are_one_finite_number_a_row(variant, x, latent_dim):
    terms = variant.terms(x, networks(variant, latent_dim))
    assert isinstance(terms, Terms)
    for term in terms:
        assert term.shape == (ROWS,)
        assert np.isfinite(term).all()


def test_its_hyper_parameters_may_be_tensors(variant, x):
    inside = assigned(variant)
    for ours, theirs in zip(inside.terms(x, networks(variant)), variant.terms(x, networks(variant)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    for epoch in (0.0, 3.0, LATE):
        outside, tensor = variant.weight(tf.constant(epoch)), inside.weight(tf.constant(epoch))
        assert float(tensor) == pytest.approx(float(outside))


def test_its_weight_settles(variant):
    weights = [float(variant.weight(tf.constant(epoch))) for epoch in (0.0, 1.0, 10.0, 1e6, LATE)]
    assert np.isfinite(weights).all()
    assert min(weights) >= 0.0
    assert weights[-1] == pytest.approx(weights[-2], rel=1e-3)


def test_the_gradient_reaches_every_variable(variant, x):
    of_variant = networks(variant)
    with tf.GradientTape() as tape:
        terms = assigned(variant).terms(x, of_variant)
        loss = tf.reduce_mean(terms.reconstruction + variant.weight(tf.constant(LATE)) * terms.penalty)
    names, variables = zip(*of_variant.variables.items(), strict=True)
    for name, gradient in zip(names, tape.gradient(loss, variables), strict=True):
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        assert (np.abs(gradient) > 0).all(), name


def test_its_penalty_has_a_name_if_and_only_if_there_is_one(variant, x):
    penalty = variant.terms(x, networks(variant)).penalty
    assert (variant.penalty_name is not None) == bool(np.any(penalty))
    assert variant.penalty_name not in ("reconstruction", "total")


def test_it_draws_noise_only_from_the_networks(variant, x):
    first, again = (variant.terms(x, networks(variant)) for _ in range(2))
    for ours, theirs in zip(first, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_that_fill_up_a_batch_change_nothing(variant):
    def terms(filling, epoch=3.0):
        spec = small_spec(variant, latent_dim=3)
        structure = Structure.of(spec, columns=COLUMNS, train_rows=20, test_rows=9)
        settings, layout, seed = settings_of(structure, spec), structure.layout, tf.constant([3, 5])
        start = start_of(structure, spec, 0)
        mask = tf.constant(np.arange(ROWS) < 6)
        network = network_of(layout, start.weights, start.statistics, Assigned(settings.latent_mask, 0.0), seed=seed)
        rows = np.random.default_rng(2).normal(size=(ROWS, COLUMNS))
        rows[6:] = filling
        networks = Batch(network, settings, structure, mask, seed, epoch)
        return [term[:6].numpy() for term in assigned(variant).terms(tf.constant(rows, tf.float32), networks)]

    for first, second in zip(terms(0.0), terms(7.0), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("latent_dim", [1, 42])
@pytest.mark.parametrize("latent_sampler", ["prior", "gaussian"])
def test_it_is_evaluated_to_finite_metrics_the_same_twice(variant, latent_dim, latent_sampler):
    spec = small_spec(variant, latent_dim=latent_dim, latent_sampler=latent_sampler)
    replicate = small_replicate()
    first = evaluate(spec, replicate)
    evaluate(dataclasses.replace(spec, latent_dim=5, dropout=0.5, batch_norm=True, seed=1), replicate)
    again = evaluate(spec, replicate)
    assert first.reason is None
    assert np.isfinite(list(first.metrics.values())).all()
    assert first.epochs == spec.epochs
    assert dict(first.metrics) == dict(again.metrics)
    assert first.curves == again.curves
    total = [value for _, value in first.curves["training.total"]]
    assert total[-1] < total[0], "it learns"
    assert (f"training.{variant.penalty_name}" in first.curves) == (variant.penalty_name is not None)
