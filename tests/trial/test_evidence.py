"""Evidence: each measure against its closed form, and diagnoses of trials whose fault is known."""

import dataclasses

import numpy as np
import pytest
from small_specs import small_replicate, small_spec

from vaebench.latent_samplers import Codes, LatentSampler
from vaebench.parts import make
from vaebench.scoring.baseline_scores import evaluate_baseline
from vaebench.scoring.score import score
from vaebench.search.tasks import evaluate_with_evidence
from vaebench.study.records import Attainable
from vaebench.trial.diagnosis import EXPECTED, diagnose
from vaebench.trial.evaluate import evaluate
from vaebench.trial.evidence import aggregate_posterior, end_of_training, gather_evidence
from vaebench.trial.fit import fit
from vaebench.variants import Variant


@pytest.mark.parametrize("times", [1.0, 3.0, 6.0])
def test_the_end_of_an_exponential_has_its_closed_form(times):
    t = np.linspace(0, times, 2000)
    end = end_of_training(np.exp(-t))
    before, last = (np.mean(np.exp(-t[a:b])) for a, b in ((1600, 1800), (1800, 2000)))
    assert end["fall_at_end"] == pytest.approx((before - last) / (1 - last))
    continuous = (np.exp(-0.85 * times) - np.exp(-0.95 * times)) / (1 - np.exp(-0.95 * times))
    assert end["fall_at_end"] == pytest.approx(continuous, rel=0.02)
    assert end["fall_error"] < 0.1 * end["fall_at_end"], "a trend is no noise"


def test_the_error_of_a_noisy_end_is_its_spread():
    random = np.random.default_rng(0)
    curve = np.exp(-np.linspace(0, 8, 100))
    ends = [end_of_training(curve + 0.05 * random.standard_normal(100)) for _ in range(400)]
    measured = np.std([end["fall_at_end"] for end in ends])
    assert np.mean([end["fall_error"] for end in ends]) == pytest.approx(measured, rel=0.1)


@pytest.mark.parametrize(
    ("losses", "fall"), [([3.0], 1.0), ([3.0, 2.0], 1.0), ([3.0, 3.0, 3.0], 0.0), ([1.0, 2.0, 3.0, 4.0], 0.0)]
)
def test_short_and_odd_curves(losses, fall):
    assert end_of_training(np.array(losses)) == {
        "epochs": len(losses), "fall_at_end": fall, "fall_error": pytest.approx(0.0)
    }  # fmt: skip


# ---- the aggregate posterior


def test_the_aggregate_posterior_is_a_mixture_with_every_row_in_it_equally():
    codes = Codes(np.array([[-3.0, 0.0], [3.0, 0.0], [0.0, 1.0]]), np.array([[0.1, 1.0], [0.2, 0.0], [0.3, 2.0]]))
    z = aggregate_posterior(codes, 60_000, np.random.default_rng(0))
    np.testing.assert_allclose(z.mean(axis=0), [0.0, 1 / 3], atol=0.03)
    np.testing.assert_allclose(z.var(axis=0), [6 + 0.14 / 3, 5 / 3 + 2 / 9], rtol=0.03)
    assert np.mean(z[:, 0] < -2) == pytest.approx(1 / 3, abs=1e-3)


# ---- trials whose fault is known


def attainable(n):
    """Return what Gaussian maximum likelihood is expected to have of n rows of N(100, 10), 15,000 against 15,000.

    The error of the mean is a normal of variance 100 (1/n + 2/15000), of the std half of it; the KS of 0.050 at n = 67
    (measured) grows with them.
    """
    variance = 100 * (1 / n + 2 / 15_000)
    mean = np.sqrt(2 / np.pi * variance)
    return Attainable(
        {
            "ks": 0.050 * np.sqrt(variance / (100 * (1 / 67 + 2 / 15_000))),
            "mean_error": mean,
            "std_error": mean / 2**0.5,
        }
    )


def evidence_of(spec, rows=100):
    """Gather evidence on three replicates, beside what a Gaussian fitted to the same rows has."""
    replicates = [small_replicate(index, rows=rows, size=15_000) for index in range(3)]
    unit = attainable(round(0.67 * rows))
    return [
        gather_evidence(fit(spec, drawn_on), drawn_on)
        | {EXPECTED: score(evaluate_baseline("gaussian", drawn_on).metrics, unit)}
        for drawn_on in replicates
    ]


def linear(beta, latent_sampler, noise):
    """Return a linear VAE, decoder variance s2 = beta; the structure is that of tests/test_evaluate.py."""
    return small_spec(
        make(Variant, "vae", {"beta": beta}), latent_sampler=make(LatentSampler, *latent_sampler),
        encoder=(), decoder=(), decoder_noise=noise, batch_size=134, epochs=512, learning_rate=3e-3,
    )  # fmt: skip


PRIOR, Z_MEAN = ("prior", {}), ("gaussian", {"codes": "mean"})


@pytest.mark.parametrize(
    ("beta", "latent_sampler", "noise", "expected"),
    [
        (0.5, PRIOR, False, ["no_decoder_noise"]),
        (0.5, PRIOR, True, ["limited_by_rows"]),
        (0.5, Z_MEAN, True, ["latent_sampler"]),
        (0.5, Z_MEAN, False, ["no_decoder_noise", "latent_sampler"]),
        (0.1, ("uniform", {}), True, ["latent_sampler"]),
        (1.5, PRIOR, True, ["limited_by_rows", "collapsed"]),
        (1.5, PRIOR, False, ["collapsed"]),
    ],
)
def test_the_linear_vae_is_diagnosed_as_its_closed_form_says(beta, latent_sampler, noise, expected):
    spec = linear(beta, latent_sampler, noise)
    each = evidence_of(spec, rows=2000)
    diagnosis = diagnose(spec, each, attainable(1340))
    assert [finding.name for finding in diagnosis.findings] == expected
    mean = diagnosis.evidence
    s2 = min(beta, 1.0)
    assert mean["signal"] == pytest.approx(1 - s2, abs=0.03)
    assert mean["active_units"] == (beta < 1)
    assert mean["kl"] == pytest.approx(0.5 * np.log(1 / s2), abs=0.03)
    assert mean["codes_noise.std_ratio"] == pytest.approx(1.0, abs=0.03)
    assert mean["codes.std_ratio"] == pytest.approx(1.0 if noise else np.sqrt(1 - s2), abs=0.03)
    assert mean["reconstructions.std_ratio"] == pytest.approx(1 - s2, abs=0.03)
    if latent_sampler == PRIOR:
        assert mean["noise_share"] == pytest.approx(s2 * noise, abs=0.03)


@pytest.mark.parametrize("noise", [False, True])
def test_as_it_is_it_is_the_trial(noise):
    spec, replicate = small_spec("vae", latent_sampler="gmm", decoder_noise=noise), small_replicate()
    evidence, metrics = gather_evidence(fit(spec, replicate), replicate), evaluate(spec, replicate).metrics
    assert {metric: evidence[f"as_is.{metric}"] for metric in ("ks", "mean_error", "std_error", "std_ratio")} == {
        metric: metrics[metric] for metric in ("ks", "mean_error", "std_error", "std_ratio")
    }
    on = evaluate(dataclasses.replace(spec, decoder_noise=True), replicate).metrics
    assert evidence["noise.ks"] == on["ks"]
    assert (evidence["noise.ks"] == evidence["as_is.ks"]) == noise
    assert (evidence["codes.ks"] == evidence["codes_noise.ks"]) == noise
    result, again = evaluate_with_evidence(spec, replicate)
    assert (result.metrics, again) == (metrics, evidence), "the result and the evidence of one fit"


def test_one_epoch_is_not_enough():
    spec = small_spec("ae", latent_sampler="gaussian", decoder_noise=False, epochs=1, learning_rate=1e-4)
    each = evidence_of(spec)
    assert diagnose(spec, each, attainable(67)).findings[0].name == "not_converged"


@dataclasses.dataclass(frozen=True)
class OwnCodes(LatentSampler):
    """The codes themselves: a bootstrap, as far as the decoder reconstructs."""

    def fit(self, codes, random):
        return dataclasses.make_dataclass("Drawn", ["z"], namespace={"draw": draw_rows})(codes.mean)


def draw_rows(self, n, random):
    return self.z[random.integers(len(self.z), size=n)]


def test_an_autoencoder_that_gives_back_its_training_rows_copies():
    spec = small_spec("ae", latent_sampler=OwnCodes(), decoder_noise=False, epochs=128)
    each = evidence_of(spec)
    assert "copying" in [finding.name for finding in diagnose(spec, each, attainable(67)).findings]
    smooth = dataclasses.replace(spec, latent_sampler=make(LatentSampler, "gaussian"))
    each = evidence_of(smooth)
    assert [finding.name for finding in diagnose(smooth, each, attainable(67)).findings] == ["limited_by_rows"]
