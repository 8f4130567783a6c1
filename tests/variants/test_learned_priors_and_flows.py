"""vamp, aae, lin_nf and beta_tc against their right answers."""

import numpy as np
import pytest
from linear_networks import LinearNetworks
from scipy import stats
from scipy.special import logsumexp

from vaebench.latent_samplers import Codes
from vaebench.parts import make
from vaebench.tf_setup import tf
from vaebench.variants import Variant
from vaebench.variants.beta_tc import total_correlation
from vaebench.variants.lin_nf import invertible

random = np.random.default_rng(11)
ROW = random.normal(size=(1, 2)).astype(np.float32)
MANY = np.repeat(ROW, 100_000, axis=0)
"""One row many times: the mean over it is the expectation over z."""


def networks(variant, x, latent_dim=2, **values):
    made = LinearNetworks(2, latent_dim, stochastic=variant.stochastic, variant=variant, x=x, seed=1)
    for name, value in values.items():
        made.variables[name].assign(value)
    return made


def mean_and_error(penalty):
    return float(np.mean(penalty)), float(np.std(penalty) / np.sqrt(len(penalty)))


def test_with_one_pseudo_input_the_penalty_of_vamp_is_the_kl_of_two_gaussians():
    variant, u = make(Variant, "vamp", {"inputs": 1}), random.normal(size=(1, 2)).astype(np.float32)
    of = networks(variant, MANY, u=u)
    mean, error = mean_and_error(variant.terms(tf.constant(MANY), of).penalty)
    (m, logs), (m_u, logs_u) = ([part.numpy()[0] for part in of.encode_inference(tf.constant(row))] for row in (ROW, u))
    expected = 0.5 * np.sum(np.exp(logs - logs_u) + (m - m_u) ** 2 * np.exp(-logs_u) - 1.0 + logs_u - logs)
    assert expected > 0.1
    assert mean == pytest.approx(expected, abs=5 * error)


def test_the_prior_of_vamp_is_the_mixture_of_its_pseudo_inputs_codes():
    variant = make(Variant, "vamp", {"inputs": 3})
    x = random.normal(size=(6, 2)).astype(np.float32)
    of = networks(variant, x)
    penalty = variant.terms(tf.constant(x), of).penalty
    mean, logs = (part.numpy() for part in of.encode_inference(tf.constant(x)))
    z = mean + np.exp(0.5 * logs) * of.noises[0]
    means, stds = (part.numpy() for part in of.encode_inference(of.variables["u"]))
    stds = np.exp(0.5 * stds)
    prior = logsumexp([stats.norm(m, s).logpdf(z).sum(axis=1) for m, s in zip(means, stds, strict=True)], axis=0)
    expected = stats.norm(mean, np.exp(0.5 * logs)).logpdf(z).sum(axis=1) - (prior - np.log(3))
    np.testing.assert_allclose(penalty, expected, rtol=1e-3, atol=1e-4)


def test_pseudo_inputs_start_as_training_rows_each_another_while_there_are_enough():
    x = random.normal(size=(30, 2))
    u = make(Variant, "vamp").variables(x, np.ones(2), np.random.default_rng(0))["u"]
    assert len({tuple(row) for row in u}) == 20
    assert {tuple(row) for row in u} <= {tuple(row) for row in x}
    assert make(Variant, "vamp").variables(x[:3], np.ones(2), np.random.default_rng(0))["u"].shape == (20, 2)


def best_critic(shift):
    """Return aae and networks whose codes are N((shift, 0), 1), with the critic of log ratio shift^2 / 2 - shift z_0.

    It is the best one: log N(z; 0, 1) - log N(z; shift, 1). leaky_relu(z) - leaky_relu(-z) is 1.2 z.
    """
    variant = make(Variant, "aae", {"critic_units": 2})
    codes = random.normal(size=(100_000, 2)).astype(np.float32) + np.float32([shift, 0.0])
    last = np.array([[-shift], [shift]]) / 1.2
    of = networks(variant, codes, hidden=[[1.0, -1.0], [0.0, 0.0]], last=last, last_bias=[0.5 * shift**2])
    of.mean.assign(np.eye(2))
    return variant, of, tf.constant(codes)


@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_the_best_critic_of_aae_has_2_log_2_where_codes_follow_the_prior_and_less_elsewhere(shift):
    variant, of, codes = best_critic(shift)
    with tf.GradientTape() as tape:
        critic = variant.terms(codes, of).critic
        loss = tf.reduce_mean(critic)
    ratio = 0.5 * shift**2 - shift * np.linspace(-12, 12, 100_001)
    expected = 2 * np.average(np.logaddexp(0, -ratio), weights=np.exp(-0.5 * np.linspace(-12, 12, 100_001) ** 2))
    assert expected == pytest.approx(2 * np.log(2)) if shift == 0.0 else expected < 1.0
    assert float(loss) == pytest.approx(expected, abs=0.01)
    for gradient in tape.gradient(loss, list(of.variables.values())):  # zero at the best critic
        np.testing.assert_allclose(gradient, 0.0, atol=0.02)


def test_the_penalty_of_aae_moves_codes_towards_the_prior_and_leaves_the_critic_alone():
    variant, of, codes = best_critic(2.0)
    with tf.GradientTape() as tape:
        tape.watch(codes)
        penalty = variant.terms(codes, of).penalty
    np.testing.assert_allclose(penalty, np.logaddexp(0, 2 * codes[:, 0] - 2.0), atol=1e-3)
    of_codes, *of_critic = tape.gradient(penalty, [codes, *of.variables.values()])
    assert (of_codes[:, 0].numpy() > 0).all()  # lower z_0, lower penalty: towards 0
    assert of_critic == [None] * 4


def test_lin_nf_without_a_flow_is_vae_in_expectation():
    flow, vae = make(Variant, "lin_nf"), make(Variant, "vae")
    mean, error = mean_and_error(flow.terms(tf.constant(MANY), networks(flow, MANY)).penalty)
    expected = float(vae.terms(tf.constant(ROW), networks(vae, ROW)).penalty[0])
    assert expected > 0.05
    assert mean == pytest.approx(expected, abs=5 * error)


def flowed(latent_dim=3, layers=2):
    """Return lin_nf, networks with a flow far from the identity, and the flow as a generator's steps."""
    variant = make(Variant, "lin_nf", {"layers": layers})
    drawn = np.random.default_rng(5)
    shape = (layers, latent_dim)
    values = {"u": drawn.normal(size=shape), "w": drawn.normal(size=shape), "b": drawn.normal(size=layers)}
    x = drawn.normal(size=(6, 2)).astype(np.float32)
    of = networks(variant, x, latent_dim, **values)
    return variant, of, x, variant.flow({name: value.numpy() for name, value in of.variables.items()}, latent_dim)


def test_the_log_determinant_is_that_of_finite_differences():
    variant, of, x, flow = flowed()
    terms = variant.terms(tf.constant(x), of)
    mean, logs = (part.numpy() for part in of.encode_inference(tf.constant(x)))
    z = np.float64(mean + np.exp(0.5 * logs) * of.noises[0])

    def after(z):
        return flow.take(z, random)

    step = 1e-5
    columns = [(after(z + step * e) - after(z - step * e)) / (2 * step) for e in np.eye(3)]
    log_determinants = np.linalg.slogdet(np.stack(columns, axis=-1))
    assert (log_determinants.sign > 0).all()
    entropy = stats.norm(0, np.exp(0.5 * logs)).entropy().sum(axis=1)
    expected = -entropy - log_determinants.logabsdet - stats.norm.logpdf(after(z)).sum(axis=1)
    assert np.abs(log_determinants.logabsdet).max() > 0.1
    np.testing.assert_allclose(terms.penalty, expected, rtol=1e-3, atol=1e-4)
    output = after(z) @ of.decoder.numpy()
    np.testing.assert_allclose(terms.reconstruction, 0.5 * ((x - output) ** 2).sum(axis=1), rtol=1e-3)


def test_the_flow_is_invertible_whatever_its_parameters_are():
    for scale in (0.1, 1.0, 10.0, 100.0):
        u, w = (tf.constant(scale * random.normal(size=4), tf.float32) for _ in range(2))
        assert float(tf.reduce_sum(invertible(u, w) * w)) >= -1.0 - 1e-3
        assert float(tf.reduce_sum(invertible(-w, w) * w)) >= -1.0 - 1e-3
    w = tf.constant([1.0, 2.0, 0.0, 0.0])
    np.testing.assert_allclose(invertible(tf.zeros(4), w), 0.0, atol=1e-6)


def test_codes_are_those_after_the_flow():
    *_, flow = flowed(latent_dim=3)
    mean, std = random.normal(size=(8, 3)), random.uniform(0.1, 1.0, size=(8, 3))
    codes = Codes(mean, std, flow)
    noise = np.random.default_rng(2).standard_normal((8, 3))
    expected = flow.take(mean + std * noise, random)
    assert np.abs(expected - mean - std * noise).max() > 0.1
    np.testing.assert_array_equal(codes.choose("sampled", np.random.default_rng(2)), expected)
    np.testing.assert_array_equal(codes.choose("mean", random), flow.take(mean, random))


def test_total_correlation_is_that_of_a_double_loop():
    mean, logs, z = (random.normal(size=(7, 3)) for _ in range(3))
    counted = np.float32([1, 1, 1, 1, 1, 0, 0])
    of = LinearNetworks(2, 3, stochastic=True)
    of.counted, n = tf.constant(counted), 100
    found = total_correlation(*(tf.constant(a, tf.float32) for a in (z, mean, logs)), of).numpy()
    for i in range(5):
        weights = [1 / n if k == i else (n - 1) / n / 4 for k in range(5)]
        densities = np.array([stats.norm.pdf(z[i], mean[k], np.exp(0.5 * logs[k])) for k in range(5)])  # [rows, Z]
        joint = sum(w * d.prod() for w, d in zip(weights, densities, strict=True))
        each = sum(w * d for w, d in zip(weights, densities, strict=True))
        assert found[i] == pytest.approx(np.log(joint) - np.log(each).sum(), rel=1e-3, abs=1e-4)


def test_total_correlation_of_gaussian_codes_is_that_of_their_correlations():
    r = np.array([[1.0, 0.6], [0.6, 1.0]])  # of codes; s^2 = 0.3 of each variance is the posterior's
    variance, found = 0.3, []
    of = LinearNetworks(2, 2, stochastic=True)
    for seed in range(40):
        drawn = np.random.default_rng(seed)
        mean = drawn.multivariate_normal([0, 0], r - variance * np.eye(2), size=256)
        z = mean + np.sqrt(variance) * drawn.standard_normal(mean.shape)
        logs = np.full_like(mean, np.log(variance))
        of.counted, of.train_rows = tf.ones(256), tf.constant(256.0)
        found += list(total_correlation(*(tf.constant(a, tf.float32) for a in (z, mean, logs)), of).numpy())
    expected = -0.5 * np.log(np.linalg.det(r))
    assert np.mean(found) == pytest.approx(expected, abs=5 * np.std(found) / np.sqrt(len(found)))


def test_beta_tc_that_weighs_total_correlation_by_1_is_vae():
    x = random.normal(size=(6, 2)).astype(np.float32)
    ours, theirs = (
        part.terms(tf.constant(x), networks(part, x))
        for part in (make(Variant, "beta_tc", {"tc": 1.0}), make(Variant, "vae"))
    )
    np.testing.assert_allclose(ours.penalty, theirs.penalty, rtol=1e-6)
    np.testing.assert_allclose(ours.reconstruction, theirs.reconstruction, rtol=1e-6)
