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
ROWS_OF_X = np.random.default_rng(1).normal(size=(ROWS, COLUMNS))
LATE = 1e9


@pytest.fixture(params=modules(Variant))
def variant(request):
    return load(Variant, request.param)()


@pytest.fixture
def x():
    return tf.constant(ROWS_OF_X, tf.float32)


def networks(variant, latent_dim=3):
    return LinearNetworks(COLUMNS, latent_dim, stochastic=variant.stochastic, variant=variant, x=ROWS_OF_X)


def assigned(variant):
    """Return the variant as a program holds it: what is assigned are scalar tensors."""
    tensors = {name: tf.constant(float(getattr(variant, name))) for name in assigned_fields(variant)}
    return dataclasses.replace(variant, **tensors)


@pytest.mark.parametrize("latent_dim", [1, 42])
def test_its_terms_are_one_finite_number_a_row(variant, x, latent_dim):
    terms = variant.terms(x, networks(variant, latent_dim))
    assert isinstance(terms, Terms)
    for term in terms:
        if term is not None:
            assert term.shape == (ROWS,)
            assert np.isfinite(term).all()
    assert terms.reconstruction is not None
    assert terms.penalty is not None


def test_its_hyper_parameters_may_be_tensors(variant, x):
    inside = assigned(variant)
    for ours, theirs in zip(inside.terms(x, networks(variant)), variant.terms(x, networks(variant)), strict=True):
        if ours is not None:
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
        if terms.critic is not None:
            loss += tf.reduce_mean(terms.critic)
    gradients = tape.gradient(loss, {"networks": of_variant.weights, "own": of_variant.variables})
    for name, gradient in (gradients["networks"] | gradients["own"]).items():
        assert gradient is not None, name
        assert np.isfinite(gradient).all(), name
        assert name in gradients["own"] or (np.abs(gradient) > 0).all(), name


def test_its_critic_trains_variables_of_its_own_alone(variant, x):
    of_variant = networks(variant)
    with tf.GradientTape() as tape:
        critic = variant.terms(x, of_variant).critic
        loss = 0.0 if critic is None else tf.reduce_mean(critic)
    if critic is not None:
        of_networks, own = tape.gradient(loss, [of_variant.weights, of_variant.variables])
        assert set(of_networks.values()) == {None}
        assert any(gradient is not None and np.any(gradient) for gradient in own.values())


def test_the_shapes_of_its_variables_follow_from_structure(variant):
    def shapes(of):
        made = of.variables(ROWS_OF_X, np.float32([1, 1, 0]), np.random.default_rng(0))
        return {name: np.shape(value) for name, value in made.items()}

    other = {
        name: value * 2 for name in assigned_fields(variant) if not isinstance(value := getattr(variant, name), str)
    }
    assert shapes(dataclasses.replace(variant, **other)) == shapes(variant)


def test_its_variables_are_drawn_from_the_generator_it_is_given(variant):
    first, again = (variant.variables(ROWS_OF_X, np.ones(3, np.float32), np.random.default_rng(0)) for _ in range(2))
    assert first.keys() == again.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
        assert np.isfinite(value).all()


def test_its_penalty_has_a_name_if_and_only_if_there_is_one(variant, x):
    penalty = variant.terms(x, networks(variant)).penalty
    assert (variant.penalty_name is not None) == bool(np.any(penalty))
    assert variant.penalty_name not in ("reconstruction", "total")


def test_it_draws_noise_only_from_the_networks(variant, x):
    first, again = (variant.terms(x, networks(variant)) for _ in range(2))
    for ours, theirs in zip(first, again, strict=True):
        if ours is not None:
            np.testing.assert_array_equal(ours, theirs)


def test_rows_that_fill_up_a_batch_change_nothing(variant):
    def terms(filling, epoch=3.0):
        spec = small_spec(variant, latent_dim=3)
        structure = Structure.of(spec, columns=COLUMNS, train_rows=20, test_rows=9)
        settings, layout, seed = settings_of(structure, spec), structure.layout, tf.constant([3, 5])
        start = start_of(structure, spec, ROWS_OF_X, 0)
        mask = tf.constant(np.arange(ROWS) < 6)
        network = network_of(layout, start.weights, start.statistics, Assigned(settings.latent_mask, 0.0), seed=seed)
        rows = np.random.default_rng(2).normal(size=(ROWS, COLUMNS))
        rows[6:] = filling
        networks = Batch(network, settings, structure, mask, seed, epoch)
        found = assigned(variant).terms(tf.constant(rows, tf.float32), networks)
        return [term[:6].numpy() for term in found if term is not None]

    for first, second in zip(terms(0.0), terms(7.0), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("latent_dim", [1, 42])
@pytest.mark.parametrize("latent_sampler", ["prior", "gaussian"])
def test_it_is_evaluated_to_finite_metrics_the_same_twice(variant, latent_dim, latent_sampler):
    spec = small_spec(variant, latent_dim=latent_dim, latent_sampler=latent_sampler)
    replicate = small_replicate()
    first = evaluate(spec, replicate)
    evaluate(dataclasses.replace(spec, latent_dim=5, dropout=0.5, seed=1), replicate)
    again = evaluate(spec, replicate)
    assert first.reason is None
    assert np.isfinite(list(first.metrics.values())).all()
    assert first.epochs == spec.epochs
    assert dict(first.metrics) == dict(again.metrics)
    assert first.curves == again.curves
    adversarial = variant.terms(tf.constant(ROWS_OF_X, tf.float32), networks(variant)).critic is not None
    falling = "training.reconstruction" if adversarial else "training.total"  # a critic learns to raise the penalty
    values = [value for _, value in first.curves[falling]]
    assert values[-1] < values[0], "it learns"
    assert (f"training.{variant.penalty_name}" in first.curves) == (variant.penalty_name is not None)
