"""The variants' terms against formulas worked out by hand, and the noise they are given."""

import numpy as np
import pytest
from linear_networks import LinearNetworks
from scipy import integrate, stats
from small_specs import small_spec

from vaebench.engine.batch import Batch
from vaebench.engine.perceptron import Assigned, Network
from vaebench.engine.structure import Structure
from vaebench.engine.training_loop import settings_of
from vaebench.engine.weights import initial_statistics, initial_weights
from vaebench.parts import make
from vaebench.tf_setup import tf
from vaebench.variants import Variant

X = np.random.default_rng(4).normal(size=(6, 2)).astype(np.float32)


def terms(variant, latent_dim=3, **params):
    networks = LinearNetworks(2, latent_dim, stochastic=variant != "ae")
    part = make(Variant, variant, params)
    return part.terms(tf.constant(X), networks), networks  # type: ignore[attr-defined]


def test_ae_reconstructs_and_nothing_else():
    (reconstruction, penalty, _), networks = terms("ae")
    output = X @ networks.mean.numpy() @ networks.decoder.numpy()
    np.testing.assert_allclose(reconstruction, 0.5 * ((X - output) ** 2).sum(axis=1), rtol=1e-4)
    np.testing.assert_array_equal(penalty, 0.0)


def test_vae_reconstructs_a_sampled_code():
    (reconstruction, _, _), networks = terms("vae")
    (noise,) = networks.noises
    z = X @ networks.mean.numpy() + np.exp(0.5 * X @ networks.log_variance.numpy()) * noise
    np.testing.assert_allclose(reconstruction, 0.5 * ((X - z @ networks.decoder.numpy()) ** 2).sum(axis=1), rtol=1e-4)


def test_the_kl_is_the_integral_of_q_log_q_over_p():
    (_, penalty, _), networks = terms("vae", latent_dim=2)
    means, stds = X @ networks.mean.numpy(), np.exp(0.5 * X @ networks.log_variance.numpy())

    def kl(mean, std):
        q, p = stats.norm(mean, std), stats.norm()
        low, high = mean - 12 * std, mean + 12 * std
        return integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), low, high, points=[mean])[0]

    expected = [sum(map(kl, *pair)) for pair in zip(means, stds, strict=True)]
    np.testing.assert_allclose(penalty, expected, rtol=1e-4)


def test_the_kl_is_zero_at_the_prior():
    networks = LinearNetworks(2, 3, stochastic=True)
    networks.mean.assign(tf.zeros((2, 3)))
    networks.log_variance.assign(tf.zeros((2, 3)))
    terms = make(Variant, "vae").terms(tf.constant(X), networks)  # type: ignore[attr-defined]
    np.testing.assert_allclose(terms.penalty, 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("warm_up", "expected"), [(0, [2, 2, 2, 2, 2]), (4, [0.5, 1, 1.5, 2, 2]), (1, [2, 2, 2, 2, 2])]
)
def test_the_weight_warms_up_in_equal_steps(warm_up, expected):
    variant = make(Variant, "vae", {"beta": 2.0, "warm_up": warm_up})
    weights = [float(variant.weight(tf.constant(float(epoch)))) for epoch in range(5)]  # type: ignore[attr-defined]
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


def batch(step_seed=(3, 5), latent_dim=3, rows=4000, **more):
    spec = small_spec(latent_dim=latent_dim, **more)
    structure = Structure.of(spec, columns=2, train_rows=67, test_rows=33)
    layout, settings = structure.layout, settings_of(structure, spec)
    weights = initial_weights(layout, latent_dim, np.random.default_rng(0))
    variables = layout.unpack(weights, initial_statistics(layout))
    seed = tf.constant(step_seed)
    mask = tf.ones(rows, tf.bool)
    network = Network(layout, variables, Assigned(settings.latent_mask, 0.0), mask=mask, seed=seed)
    return Batch(network, settings, structure, mask, seed, epoch=0.0)


def test_noise_is_another_at_every_call_and_every_step_and_zero_beyond_latent_dim():
    networks = batch()
    first, second = networks.latent_noise().numpy(), networks.latent_noise().numpy()
    assert first.shape == (4000, 42)
    for noise in (first, second):
        assert not noise[:, 3:].any()
        assert stats.kstest(noise[:, :3].ravel(), "norm").pvalue > 1e-4
    assert abs(np.corrcoef(first[:, :3].ravel(), second[:, :3].ravel())[0, 1]) < 5 / np.sqrt(first[:, :3].size)
    np.testing.assert_array_equal(batch().latent_noise(), first)
    assert not np.array_equal(batch(step_seed=(7, 5)).latent_noise(), first)


def test_noise_has_the_shape_that_is_asked_for():
    networks, x = batch(), tf.zeros((4000, 2))
    draws, rows, vectors = (
        networks.latent_noise(2).numpy(),
        networks.row_noise(x).numpy(),
        networks.latent_vectors(5000),
    )
    assert (draws.shape, rows.shape, vectors.shape) == ((8000, 42), (4000, 2), (5000, 42))
    assert not draws[:, 3:].any()
    assert not vectors[:, 3:].numpy().any()
    assert abs(np.corrcoef(draws[:4000, 0], draws[4000:, 0])[0, 1]) < 5 / np.sqrt(4000)
    for noise in (draws[:, :3], rows, vectors[:, :3].numpy()):
        assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-4
    np.testing.assert_array_equal(batch().latent_noise(1), batch().latent_noise())


def test_several_draws_are_decoded_as_one_batch_of_many_rows():
    z = tf.constant(np.random.default_rng(2).normal(size=(8, 42)), tf.float32)
    several = batch(rows=4, batch_norm=True).decode(z)
    np.testing.assert_allclose(several, batch(rows=8, batch_norm=True).decode(z), rtol=1e-5, atol=1e-6)


def test_an_output_of_logits_is_decoded_to_rows():
    output = tf.constant([[-3.0, 0.5]])
    np.testing.assert_array_equal(batch().decoded(output), output)
    logits = batch(loss="binary_crossentropy")
    np.testing.assert_allclose(logits.decoded(output), tf.sigmoid(output), rtol=1e-6)


def test_the_replica_of_the_answer_clips_z_log_var_only_where_exp_would_overflow():
    low, high = make(Variant, "answer").log_variance_bounds
    assert -low == high >= 80
    assert np.isfinite(np.exp(np.float32(high)))


def test_decoder_l2_is_of_the_decoder_s_kernels_alone():
    networks = batch()
    layers = zip(networks.network.layout.layers, networks.network.variables.trained, strict=True)
    squares = [np.square(a["kernel"]).sum() for layer, a in layers if layer.role in ("decoder", "output")]
    assert len(squares) == 2
    assert float(networks.decoder_l2()) == pytest.approx(sum(squares), rel=1e-6)
    assert float(networks.train_rows) == 67
    assert float(tf.reduce_sum(networks.latent_mask)) == 3
