"""Evaluating a spec: it depends on spec and replicate alone, never raises, and reproduces what theory says."""

import dataclasses
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from small_specs import small_replicate, small_spec

from vaebench.data_sets.distribution import Distribution
from vaebench.engine import train
from vaebench.latent_samplers import LatentSampler
from vaebench.parts import make
from vaebench.trial.evaluate import CURVE_POINTS, evaluate, evaluate_fitted
from vaebench.variants import Variant

SPECS = [
    small_spec("ae", latent_sampler="gmm", decoder_noise=False),
    small_spec("vae", loss="gaussian_nll", latent_dim=42, batch_norm=True),
    small_spec("vae", loss="huber", dropout=0.2, latent_sampler="gaussian", early_stopping="validation_loss"),
    small_spec("ae", loss="binary_crossentropy", scaling="minmax", latent_sampler="uniform", seed=7),
    small_spec("ae", learning_rate=1e30, scaling="none"),  # fails
    small_spec("vae", latent_dim=3, l2_activity=1e-3, l2_weights=1e-3, epochs=128),
]


def timeless(result):
    """Return a result without what differs from run to run, as comparable plain values."""
    return dataclasses.replace(result, started=0.0, seconds=0.0, metrics=dict(result.metrics))


def timeless_evaluate(spec):
    return timeless(evaluate(spec, small_replicate()))


@pytest.fixture(scope="module")
def expected():
    return [timeless_evaluate(spec) for spec in SPECS]


def test_results_differ_by_spec_and_only_the_divergent_one_fails(expected):
    assert [result.reason is None for result in expected] == [True, True, True, True, False, True]
    assert len({result.metrics.get("ks") for result in expected}) == len(SPECS)


def test_results_do_not_depend_on_the_order(expected):
    order = list(range(len(SPECS)))
    random.Random(3).shuffle(order)
    again = {index: timeless_evaluate(SPECS[index]) for index in order}
    assert [again[index] for index in range(len(SPECS))] == expected


def test_results_do_not_depend_on_the_thread(expected):
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(timeless_evaluate, SPECS)) == expected


def test_another_process_gives_the_same_bits(expected):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(timeless_evaluate, SPECS[:4])) == expected[:4]


def test_seed_and_replicate_count(expected):
    spec, replicate = SPECS[1], small_replicate()
    for changed in (
        evaluate(dataclasses.replace(spec, seed=1), replicate),
        evaluate(spec, small_replicate(1)),
        evaluate(spec, small_replicate(0, phase="confirm")),
    ):
        assert changed.metrics["ks"] != expected[1].metrics["ks"]


def test_a_seed_changes_the_training_and_not_the_data():
    spec, replicate = SPECS[1], small_replicate()
    (_, first), (_, second) = (evaluate_fitted(dataclasses.replace(spec, seed=seed), replicate) for seed in (0, 1))
    np.testing.assert_array_equal(first.draw.train, second.draw.train)
    np.testing.assert_array_equal(first.draw.true, second.draw.true)
    assert not np.array_equal(first.trained.weights.vector, second.trained.weights.vector)


def test_the_confirmation_measures_more_than_the_search():
    searched, confirmed = (evaluate(SPECS[1], small_replicate(phase=phase)) for phase in ("search", "confirm"))
    assert "wasserstein" in searched.metrics
    assert set(confirmed.metrics) - set(searched.metrics) >= {"ks_exact", "energy", "quantile_error", "copying"}
    assert set(searched.metrics) <= set(confirmed.metrics)
    assert timeless(evaluate(SPECS[1], small_replicate(phase="confirm"))) == timeless(confirmed)


@dataclasses.dataclass(frozen=True)
class Same(Distribution):
    """N(0, 1), the same rows whatever the generator."""

    def draw(self, random, **sizes):
        return super().draw(np.random.default_rng(0), **sizes)


def test_a_replicate_seeds_the_training_too():
    replicates = [small_replicate(index, data_set=Same()) for index in (0, 1)]
    (_, first), (_, second) = (evaluate_fitted(SPECS[1], replicate) for replicate in replicates)
    np.testing.assert_array_equal(first.draw.train, second.draw.train)
    assert not np.array_equal(first.trained.weights.vector, second.trained.weights.vector)


# ---- failing


def test_a_training_that_diverges_is_a_reason_and_no_exception():
    result, fitted = evaluate_fitted(SPECS[4], small_replicate())
    assert fitted is None
    assert "training loss became" in result.reason
    assert not result.metrics
    assert not result.curves
    assert result.seconds > 0.0


@pytest.mark.parametrize(
    ("scale", "size", "reason"),
    [
        (1e300, 2000, "2000 of 2000 generated rows are not finite"),
        (1.0, 1, "1 generated rows: at least two are needed"),
    ],
)
def test_rows_that_cannot_be_scored_are_a_reason(scale, size, reason):
    spec = small_spec("ae", latent_sampler=make(LatentSampler, "gaussian", {"scale": scale}))
    result, fitted = evaluate_fitted(spec, small_replicate(size=size))
    assert result.reason == reason
    assert fitted is None
    assert not result.metrics


# ---- curves


def test_curves_are_thinned_and_end_with_the_last_epoch(expected):
    for spec, result in zip(SPECS, expected, strict=True):
        if result.reason is not None:
            continue
        penalty = {"kl"} if spec.variant.name == "vae" else set()
        names = {"reconstruction", "total", *penalty}
        assert set(result.curves) == {f"{part}.{name}" for part in ("training", "validation") for name in names}
        for curve in result.curves.values():
            epochs = [epoch for epoch, _ in curve]
            assert epochs == sorted(set(epochs))
            assert (epochs[0], epochs[-1]) == (1, result.epochs)
            assert len(curve) == min(CURVE_POINTS, result.epochs)


def test_the_total_is_reconstruction_plus_weighted_penalty():
    curves = evaluate(small_spec(make(Variant, "vae", {"beta": 0.3})), small_replicate()).curves
    for part in ("training", "validation"):
        values = {
            name: np.array([v for _, v in curves[f"{part}.{name}"]]) for name in ("reconstruction", "kl", "total")
        }
        np.testing.assert_allclose(values["total"], values["reconstruction"] + 0.3 * values["kl"], rtol=1e-4)


def test_early_stopping_stops():
    spec = small_spec("ae", epochs=128, early_stopping="training_loss", patience=2, learning_rate=0.1)
    assert evaluate(spec, small_replicate()).epochs < 128


# ---- known answers


def test_a_vae_comes_near_the_gaussian_it_learns_from():
    """Gaussian maximum likelihood has a mean KS of 0.05 from 67 rows; the noise floor is 0.01."""
    spec = small_spec(make(Variant, "vae", {"beta": 0.1}), epochs=100)
    results = [evaluate(spec, small_replicate(index, size=15_000)) for index in range(3)]
    assert np.mean([result.metrics["ks"] for result in results]) < 0.15
    assert np.mean([result.metrics["std_ratio"] for result in results]) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    ("beta", "latent_sampler", "noise", "std", "shift"),
    [
        (0.5, ("prior", {}), False, np.sqrt(1 - 0.5), 0.0),
        (0.5, ("prior", {}), True, 1.0, 0.0),
        (0.5, ("gaussian", {"codes": "mean"}), False, 1 - 0.5, 0.0),  # shrinks twice
        (0.5, ("gaussian", {"codes": "sampled"}), False, np.sqrt(1 - 0.5), 0.0),
        (0.1, ("uniform", {}), False, np.sqrt((1 - 0.1) / 12), 0.5 * np.sqrt(1 - 0.1)),
        (1.5, ("prior", {}), False, 0.0, 0.0),  # more than the data's variance: the posterior collapses
    ],
    ids=["prior", "prior+noise", "z_mean", "sampled", "uniform", "collapse"],
)
def test_the_linear_vae_has_its_closed_form(beta, latent_sampler, noise, std, shift):
    """A linear VAE on standardised rows, decoder variance s2 = beta: x = sqrt(1 - s2) z + N(0, s2).

    The optimum depends on the rows' first two moments alone, so mean and std are compared in the training rows' own
    units, where their sampling error is none. What is left, relative: 1 / sqrt(2 * 15000) = 0.6 % for the std of the
    generated rows, and 1 % (measured over seeds) for Adam's wandering about the optimum. 0.03 is about 3 of both.
    """
    spec = small_spec(
        make(Variant, "vae", {"beta": beta}), latent_sampler=make(LatentSampler, *latent_sampler),
        encoder=(), decoder=(), decoder_noise=noise, batch_size=134, epochs=512, learning_rate=3e-3,
    )  # fmt: skip
    result, fitted = evaluate_fitted(spec, small_replicate(rows=2000, size=15_000))
    mean, spread = fitted.draw.train.mean(), fitted.draw.train.std()
    assert result.metrics["generated_std"] / spread == pytest.approx(std, abs=0.03)
    assert abs(result.metrics["generated_mean"] - mean) / spread == pytest.approx(shift, abs=0.03)


def test_a_want_of_memory_is_no_fault_of_the_trials_whoever_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy raises MemoryError by itself; TensorFlow has an error of its own."""

    def wanting(*_: object) -> None:
        raise train.tf.errors.ResourceExhaustedError(None, None, "Out of memory while trying to allocate 1.62GiB.")

    monkeypatch.setattr(train, "_run", wanting)
    with pytest.raises(MemoryError, match=r"1\.62GiB"):
        evaluate(small_spec(), small_replicate())
