"""The self-test: its closed forms against other ways to the same numbers, and that it misses what is wrong."""

import itertools
import math
from dataclasses import replace

import click
import numpy as np
import pytest
from scipy import optimize, stats

from vaebench.cli.selftest import show
from vaebench.selftest import closed_forms, linear, referees, run
from vaebench.selftest.check import Check
from vaebench.selftest.exact_rows import MEAN, STD, ExactRows
from vaebench.study.records import Result


@pytest.mark.parametrize(
    ("answer", "ratio", "ks"),
    [
        (closed_forms.prior(1.0), 0.0, 0.5),
        (closed_forms.prior(0.5), 0.707, 0.083),
        (closed_forms.prior_with_noise(0.5), 1.0, 0.0),
        (closed_forms.fitted_to_means(0.5), 0.5, 0.161),
        (closed_forms.uniform(0.1), 0.274, 0.5),  # nothing of it is on one side of the true mean
        (closed_forms.relu(0.5), 0.455, 0.181),
        (closed_forms.relu(0.1), 0.465, 0.177),
        (closed_forms.relu(0.01), 0.3, 0.261),
        (closed_forms.two_columns(1.2, 0.5), math.sqrt(0.15), None),
        (closed_forms.two_columns(0.2, -0.5), math.sqrt(0.8), None),
        (closed_forms.two_columns(1.5, 0.5), 0.0, 0.5),
    ],
)
def test_the_known_table(answer, ratio, ks):
    assert answer.std_ratio == pytest.approx(ratio, abs=5e-4)
    assert ks is None or answer.ks == pytest.approx(ks, abs=5e-4)


def test_a_uniform_latent_shifts_the_mean():
    assert closed_forms.uniform(0.1).shift == pytest.approx(0.474, abs=5e-4)
    assert closed_forms.prior(0.1).shift == 0.0


def test_relu_keeps_at_most_half():
    assert max(closed_forms.relu(s2).std_ratio for s2 in np.linspace(0.001, 1, 1000)) == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("s2", [0.01, 0.1, 0.5, 0.9, 1.3])
@pytest.mark.parametrize("relu", [False, True])
def test_the_decoders_weight_minimises_the_loss(s2, relu):
    """E (x - w z)^2 / 2 + s2 KL of a linear VAE, minimised numerically over w, m and log s^2."""

    def loss(parameters):
        w, m, log_variance = parameters
        reconstruction = ((1 - w * m) ** 2 + w**2 * math.exp(log_variance)) / 2
        return reconstruction + s2 * (m**2 + math.exp(log_variance) - log_variance - 1) / 2

    best = optimize.minimize(loss, [1.0, 1.0, 0.1], bounds=[(0, 5), (0, 20), (0 if relu else -10, 10)], tol=1e-14)
    known = (closed_forms.relu if relu else closed_forms.prior)(s2)
    assert best.x[0] == pytest.approx(known.weight, abs=2e-3)


@pytest.mark.parametrize(("beta", "decoder_l2"), [(0.2, 0.1), (0.01, 0.5), (1.0, 1.0)])
def test_what_rae_l2_keeps_minimises_its_loss(beta, decoder_l2):
    """One matrix each way and two columns, minimised numerically: each principal standard deviation is cut alike."""
    stds = np.array([1.5, 0.7])

    def loss(parameters):
        encoder, decoder = parameters.reshape(2, 2, 2)  # codes are stds * e @ encoder, e standard normal
        lost = np.diag(stds) - np.diag(stds) @ encoder @ decoder
        codes = np.diag(stds) @ encoder
        return 0.5 * (lost**2).sum() + 0.5 * beta * (codes**2).sum() + decoder_l2 * (decoder**2).sum()

    starts = np.random.default_rng(0).normal(size=(5, 8))
    best = min((optimize.minimize(loss, start, tol=1e-12) for start in starts), key=lambda result: result.fun)
    encoder, decoder = best.x.reshape(2, 2, 2)
    kept = np.linalg.svd(np.diag(stds) @ encoder @ decoder, compute_uv=False)
    np.testing.assert_allclose(kept, np.maximum(0.0, stds - math.sqrt(2 * beta * decoder_l2)), atol=1e-3)
    one = closed_forms.rae_l2(beta, decoder_l2)
    assert one.std_ratio == pytest.approx(max(0.0, 1 - math.sqrt(2 * beta * decoder_l2)))


@pytest.mark.parametrize("noise", [0.0, 0.5, 2.0])
def test_what_denoising_keeps_is_least_squares_on_noisy_rows(noise):
    random = np.random.default_rng(0)
    x = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 200_000)
    noisy = x + noise * random.normal(size=x.shape)
    axis = np.array([1.0, 1.0]) / math.sqrt(2)  # the best of rank one is the first axis of the regression on noisy rows
    of_axis = (noisy @ axis) @ (x @ axis) / ((noisy @ axis) @ (noisy @ axis))
    generated = of_axis * (x @ axis)[:, None] * axis
    assert closed_forms.first_axis_denoised(noise, 0.5).std_ratio == pytest.approx(generated[:, 0].std(), abs=0.01)


def test_ks_against_scipy_on_many_draws():
    z = np.random.default_rng(0).normal(size=400_000)
    for answer, rows in [(closed_forms.relu(0.1), z * 0.46499), (closed_forms.prior(0.5), z * math.sqrt(0.5))]:
        assert stats.kstest(rows, "norm").statistic == pytest.approx(answer.ks, abs=3e-3)


def test_exact_rows_are_exact():
    for rows, correlation in ((ExactRows(), None), (ExactRows(0.5), 0.5)):
        train = rows.draw(np.random.default_rng(0), rows=500, test_fraction=0.0, true=10, generated=10).train
        np.testing.assert_allclose(train.mean(axis=0), MEAN)
        np.testing.assert_allclose(train.std(axis=0), STD)
        assert stats.kstest((train[:, 0] - MEAN) / STD, "norm").statistic < 2e-3
        assert correlation is None or np.corrcoef(train.T)[0, 1] == pytest.approx(correlation)


def generates(answer):
    """Return an evaluation whose generated rows are distributed as `answer` says."""
    metrics = {"std_ratio": answer.std_ratio, "ks": answer.ks, "mean_error": answer.shift * STD}
    return lambda spec, replicate: Result(metrics=metrics)


@pytest.mark.parametrize("case", list(linear.cases()), ids=lambda case: case.what)
def test_the_tolerances_know_right_from_wrong(case):
    assert all(check.ok for check in case.checks(generates(case.answer)))
    if case.answer.noise == 0:  # with noise, any s2 gives the truth
        wrong = replace(case.answer, explained=case.answer.explained + 0.15)  # s2 off by 0.15
        if wrong.weight > 0:
            assert not all(check.ok for check in case.checks(generates(wrong)))
    collapsed = replace(case.answer, explained=-1.0)
    if case.answer.weight > 0:
        assert not all(check.ok for check in case.checks(generates(collapsed)))


def missed(evaluate, capsys):
    """Show a run with a broken evaluation; return the lines that missed."""
    with click.Context(click.Command("selftest")), pytest.raises(click.exceptions.Exit) as ended:
        show(run(evaluate))
    assert ended.value.exit_code == 1
    *lines, last = capsys.readouterr().out.splitlines()
    of = [line for line in lines if line.startswith("MISSED")]
    assert last.endswith(f", {len(of)} MISSED")
    return of


def test_a_broken_evaluation_ends_with_status_1(capsys):
    lines = missed(generates(closed_forms.prior(0.0)), capsys)
    assert any("s2 = 0.5, prior, decoded mean: std ratio" in line and "0.7071    1.0000" in line for line in lines)


def test_what_raises_or_fails_is_missed_with_its_reason(capsys):
    ways = itertools.cycle([ZeroDivisionError("division by zero"), None])

    def evaluate(spec, replicate):
        error = next(ways)
        if error:
            raise error
        return Result(reason="the training loss became nan")

    lines = missed(evaluate, capsys)
    assert len(lines) == sum(len(case.figures) for case in linear.cases())
    reasons = [line.rpartition("(")[2] for line in lines]
    assert set(reasons) == {"ZeroDivisionError: division by zero)", "the training loss became nan)"}


def test_a_good_referee_is_not_ranked_behind():
    def perfect(train, n, random):
        return random.normal(100.0, 10.0, (n, 1))

    def broken(train, n, random):
        raise ValueError("no rows")

    generators = {"itself": referees.gaussian, "perfect": perfect, "broken": broken, "copycat": referees.copycat}
    tie, better, failed, worse = referees.checks(generators)
    assert (tie.measured, better.measured, worse.measured) == (1.5, 1.0, 2.0)
    assert [check.ok for check in (tie, better, failed, worse)] == [False, False, False, True]
    assert failed.reason == "ValueError: no rows"


def test_nothing_measured_is_no_pass():
    assert not Check("x", 0.0, math.inf).ok


@pytest.mark.slow
def test_the_command_passes_here():
    """The real command; about a minute of processor time."""
    checks = list(run())
    assert len(checks) == 31
    assert [check for check in checks if not check.ok] == []
