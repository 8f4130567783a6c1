"""The judge: what it says of evidence whose cause is known, and that it does not cry wolf."""

import pickle

import numpy as np
import pytest
from hand_made import ATTAINABLE, ERRORS
from pydantic import TypeAdapter
from small_specs import small_spec

from vaebench.study.records import Attainable
from vaebench.trial.diagnosis import EXPECTED, GENERATORS, PLAIN, Diagnosis, diagnose


def evidence(as_is=1.0, *, rows=1.4, std_ratio=1.0, **more):
    """Return evidence in which each generator's score is given; those left out score as the trial as it is."""
    scores = {"rows": rows} | {name: more.pop(name) for name in GENERATORS if name in more}
    generators = {
        f"{name}.{metric}": value * scores.get(name, as_is) for name in GENERATORS for metric, value in ERRORS.items()
    }
    ratios = {f"{name}.std_ratio": std_ratio for name in GENERATORS}
    rest = {
        "signal": 0.9, "noise_share": 0.1, "active_units": 1.0, "kl": 1.0, "kl_largest_unit": 1.0, "copied": 0.0,
        "epochs": 40.0, "fall_at_end": 0.0, "fall_error": 0.0,
    }  # fmt: skip
    return generators | ratios | rest | more


def diagnosis_of(*each, **spec):
    return diagnose(small_spec("vae", **spec), each, ATTAINABLE)


def names(*each, **spec):
    return [finding.name for finding in diagnosis_of(*each, **spec).findings]


def test_a_good_trial_is_limited_by_its_rows_and_by_nothing_else():
    diagnosis = diagnosis_of(evidence(1.1) | {EXPECTED: 1.05})
    (finding,) = diagnosis.findings
    assert finding.name == "limited_by_rows"
    assert "score 1.10" in finding.text
    assert "where the baseline behind score 1 has 1.05." in finding.text
    assert diagnosis.evidence["as_is.score"] == pytest.approx(1.1)


@pytest.mark.parametrize(("error", "allowed"), [(2.8, True), (3.1, False)])
def test_one_hopeless_error_is_never_as_good_as_the_rows_allow(error, allowed):
    """Two errors at 0.1 make up for a third: the score, a mean, is 1."""
    every = {f"{name}.ks": error * ERRORS["ks"] for name in GENERATORS}
    measured = evidence(0.1, rows=0.1) | every | {EXPECTED: 1.0}
    assert names(measured) == (["limited_by_rows"] if allowed else [])


@pytest.mark.parametrize(("ks_of_rows", "allowed"), [(0.04, True), (0.005, False)])
def test_where_the_training_rows_are_far_nearer_the_rows_are_no_limit(ks_of_rows, allowed):
    assert names(evidence(1.0) | {"rows.ks": ks_of_rows}) == (["limited_by_rows"] if allowed else [])


@pytest.mark.parametrize(("true_samples", "few"), [(41, True), (990, True), (1100, False), (15_000, False)])
def test_few_true_samples_are_not_said_to_show_that_a_trial_is_good(true_samples, few):
    """A KS of 0.055, of which 0.8687 / sqrt(n) is the scatter of the true samples: half of it at n = 997."""
    (finding,) = diagnosis_of(evidence(1.1) | {"true_samples": float(true_samples)}).findings
    assert finding.name == "limited_by_rows"
    assert ("about as good as these rows allow" in finding.text) is not few
    if few:
        part = {41: "all", 990: "0.028"}[true_samples]  # 0.136 of 41 samples is more than there is
        told = f"as far as {true_samples} true samples can tell: of the KS of 0.055, {part} is their own scatter"
        assert told in finding.text
    assert "score 1.10" in finding.text


def test_missing_noise_is_found_with_its_figures():
    measured = evidence(3.25, noise=1.1, codes=3.25, codes_noise=1.1) | {
        "as_is.std_ratio": 0.707,
        "noise.std_ratio": 0.998,
    }
    (finding,) = diagnosis_of(measured, decoder_noise=False).findings
    assert finding.name == "no_decoder_noise"
    assert finding.text == "Spread too small: std ratio 0.71, with decoder noise 1.00; score 3.25, with it 1.10."
    assert finding.explains == pytest.approx(3.25 - 1.1)


def test_a_latent_sampler_that_misses_is_found():
    measured = evidence(6.0, codes=1.2, codes_noise=1.2)
    (finding,) = diagnosis_of(measured).findings
    assert finding.name == "latent_sampler"
    assert "KS 0.300, with their codes 0.060" in finding.text


@pytest.mark.parametrize(("noise", "codes", "first"), [(1.5, 3.3, "no_decoder_noise"), (3.5, 1.8, "latent_sampler")])
def test_two_faults_share_the_whole_and_the_larger_comes_first(noise, codes, first):
    """Shapley values of two parts sum to what both together gain."""
    found = diagnosis_of(evidence(4.7, noise=noise, codes=codes, codes_noise=1.1), decoder_noise=False).findings
    assert {finding.name for finding in found} == {"no_decoder_noise", "latent_sampler"}
    assert found[0].name == first
    assert sum(finding.explains for finding in found) == pytest.approx(4.7 - 1.1)


def test_a_part_that_is_better_than_its_ideal_is_no_fault():
    assert names(evidence(1.1, codes=1.5, codes_noise=1.5)) == ["limited_by_rows"]


def test_a_gain_within_the_scatter_of_the_replicates_is_not_named():
    sure = [evidence(2.0, codes=2.0 - gain, codes_noise=2.0 - gain) for gain in (0.3, 0.4, 0.5, 0.4, 0.4)]
    unsure = [evidence(2.0, codes=2.0 - gain, codes_noise=2.0 - gain) for gain in (-0.8, 2.0, -0.6, 1.9, -0.5)]
    assert "latent_sampler" in names(*sure)
    assert "latent_sampler" not in names(*unsure)


def test_evidence_is_averaged_before_it_is_judged():
    measured, other = evidence(1.0), evidence(5.0, codes=1.0, codes_noise=1.0)
    assert names(measured) == ["limited_by_rows"]
    assert diagnosis_of(measured, other).evidence["as_is.score"] == pytest.approx(3.0)
    assert diagnosis_of(measured, other).evidence["codes.ks"] == pytest.approx(0.05)


# ---- collapse


def test_a_collapsed_decoder_with_noise_is_a_normal_distribution_in_disguise():
    found = diagnosis_of(evidence(1.1, signal=0.004, noise_share=0.99, active_units=0.2), latent_dim=42).findings
    assert [finding.name for finding in found] == ["limited_by_rows", "collapsed"]
    assert "0.4% of the rows' variance follows the codes; 0.2 of 42 latent units active" in found[1].text
    assert "what is generated is its noise, 99% of the variance" in found[1].text


def test_a_collapsed_decoder_explains_all_where_the_data_is_not_normal():
    found = diagnosis_of(evidence(9.0, signal=0.004, noise_share=0.99)).findings
    assert [finding.name for finding in found] == ["collapsed"]
    assert found[0].explains == pytest.approx(8.0)


def test_a_collapsed_decoder_without_noise_is_not_said_to_copy_or_to_lack_noise():
    measured = evidence(7.0, noise=1.1, codes=7.0, codes_noise=1.1, signal=0.0, copied=1.0) | {"as_is.std_ratio": 0.03}
    (finding,) = diagnosis_of(measured, decoder_noise=False).findings
    assert finding.name == "collapsed"
    assert "nearly the same, std ratio 0.03; decoder noise would make it 1.00" in finding.text


def test_a_trial_that_collapses_on_most_draws_has_collapsed():
    dead, alive = evidence(9.0, signal=0.002, noise_share=0.99, active_units=0.0), evidence(1.1, signal=0.95)
    (finding,) = diagnosis_of(dead, alive, dead).findings
    assert finding.name == "collapsed"
    assert "on 2 of 3 draws (0.2% of the rows' variance follows the codes; 0 of 1 latent units active)" in finding.text
    assert "collapsed" not in names(dead, alive, alive, dead)


def test_units_are_not_counted_where_there_is_no_posterior():
    measured = evidence(9.0, signal=0.0)
    del measured["active_units"], measured["kl"], measured["kl_largest_unit"]
    (finding,) = diagnosis_of(measured).findings
    assert "units" not in finding.text


# ---- training


def test_a_loss_that_still_falls_is_found_before_what_follows_from_it():
    measured = evidence(7.0, fall_at_end=0.1, signal=0.01)
    assert names(measured) == ["not_converged", "collapsed"]
    slower = evidence(7.0, fall_at_end=0.04, signal=0.01)
    assert names(slower) == ["collapsed", "not_converged"]
    assert "brought 10% of its whole fall" in diagnosis_of(measured).findings[0].text


@pytest.mark.parametrize(
    "calm",
    [
        {"epochs": 39.0},  # early stopping stopped it
        {"fall_error": 0.06},  # noise
        {"fall_at_end": 0.019},
        {"fall_at_end": -0.5},
    ],
)
def test_a_loss_that_does_not_surely_fall_at_the_end_is_not_named(calm):
    assert "not_converged" not in names(evidence(7.0, **{"fall_at_end": 0.1} | calm))


def test_the_noise_of_a_loss_curve_averages_out_over_replicates():
    each = [evidence(7.0, fall_at_end=0.1, fall_error=0.06)] * 5
    assert "not_converged" in names(*each)


def test_a_loss_that_falls_on_is_nothing_where_there_is_nothing_to_gain():
    assert names(evidence(1.1, fall_at_end=0.1)) == ["limited_by_rows"]


def test_networks_that_do_not_describe_the_rows_are_found_where_nothing_else_is():
    assert names(evidence(5.0)) == ["underfitted"]
    assert names(evidence(5.0, signal=0.0)) == ["collapsed"]
    assert names(evidence(9.0, codes=5.0, codes_noise=5.0)) == ["latent_sampler", "underfitted"]  # 4.0 and 3.6


def test_rows_that_are_unlucky_limit_a_trial_as_they_limit_a_baseline():
    assert names(evidence(2.5, rows=2.6) | {EXPECTED: 2.4}) == ["limited_by_rows"]
    assert names(evidence(2.5, rows=2.6)) == []
    assert names(evidence(2.4 + PLAIN + 0.01) | {EXPECTED: 2.4}) == ["underfitted"]


def test_networks_that_give_the_rows_back_are_not_underfitted():
    assert names(evidence(2.5, rows=2.4)) == []
    assert names(evidence(2.4 + PLAIN + 0.01, rows=2.4)) == ["underfitted"]


def test_networks_with_ideal_parts_that_score_well_are_not_underfitted():
    assert names(evidence(1.1, codes=5.0, codes_noise=5.0)) == ["limited_by_rows"]
    assert names(evidence(5.0, codes=1.2, codes_noise=1.2)) == ["latent_sampler"]


# ---- copying


def test_a_copycat_is_found():
    (finding,) = diagnosis_of(evidence(1.4, copied=0.97)).findings
    assert finding.name == "copying"
    assert "copying 0.97" in finding.text
    assert finding.explains == pytest.approx(0.4)


@pytest.mark.parametrize("innocent", [[0.4], [1.0, -2.0, 1.0, 1.0, 1.0]])
def test_rows_that_are_close_by_chance_are_no_copies(innocent):
    assert "copying" not in names(*(evidence(1.4, copied=copied) for copied in innocent))


def test_rows_that_are_all_the_same_are_no_copies():
    assert "copying" not in names(evidence(5.0, copied=1.0, std_ratio=0.2))


# ---- what crosses the layers


def test_a_diagnosis_survives_pickle_and_json():
    diagnosis = diagnosis_of(evidence(3.25, noise=1.1, codes_noise=1.1), decoder_noise=False)
    assert diagnosis.findings
    assert pickle.loads(pickle.dumps(diagnosis)) == diagnosis
    adapter = TypeAdapter(Diagnosis)
    assert adapter.validate_json(adapter.dump_json(diagnosis)) == diagnosis


def test_every_figure_is_a_plain_number():
    assert all(type(value) is float for value in diagnosis_of(evidence(), evidence(np.float64(2.0))).evidence.values())


@pytest.mark.parametrize(
    ("measured", "spec"),
    [
        (evidence(3.25, noise=1.1, codes=3.25, codes_noise=1.1), {"decoder_noise": False}),
        (evidence(3.0, codes=1.0, noise=3.0, codes_noise=1.0), {}),
        (evidence(3.0, signal=0.01), {"decoder_noise": False}),
        (evidence(3.0, rows=3.0, copied=0.9), {}),
    ],
)
def test_of_categories_alone_it_says_the_same_without_their_spread(measured, spec):
    """They have ks and copula_error, no moments."""
    errors = {"ks": ERRORS["ks"]}
    of_categories = {
        name: value for name, value in measured.items() if not name.endswith(("std_ratio", "std_error", "mean_error"))
    }
    found = diagnose(small_spec("vae", **spec), [of_categories], Attainable(errors)).findings
    assert [finding.name for finding in found] == names(measured, **spec)
    assert not any("std ratio" in finding.text for finding in found)
