"""The variants that change the loss alone, against formulas worked out by hand in NumPy."""

from types import SimpleNamespace

import numpy as np
import pytest
from linear_networks import LinearNetworks
from scipy import stats
from small_specs import small_replicate, small_spec

from vaebench.parts import make
from vaebench.tf_setup import tf
from vaebench.trial.fit import fit
from vaebench.variants import Variant, _mmd
from vaebench.variants._mmd import SCALES, squared_mmd
from vaebench.variants.swae import Swae, order_statistics

random = np.random.default_rng(4)
X = random.normal(size=(6, 2)).astype(np.float32)


class Networks(LinearNetworks):
    """Linear networks of which the first rows count, and the first latent units are in use."""

    def __init__(self, columns=2, latent_dim=3, *, used=None, rows=None, stochastic=True) -> None:
        super().__init__(columns, latent_dim, stochastic=stochastic)
        used = latent_dim if used is None else used
        self.latent_mask, self.rows_that_count = tf.constant(np.arange(latent_dim) < used, tf.float32), rows

    def encode(self, x):
        mean, log_variance = super().encode(x)
        if self.rows_that_count is not None:
            self.counted = tf.constant(np.arange(len(x)) < self.rows_that_count, tf.float32)
            self.batch_rows = tf.reduce_sum(self.counted)
        return mean * self.latent_mask, None if log_variance is None else log_variance * self.latent_mask

    def latent_vectors(self, n):
        return super().latent_vectors(n) * self.latent_mask


def terms(variant, x=X, networks=None, **params):
    part = make(Variant, variant, params)
    networks = networks or Networks(stochastic=part.stochastic)
    made = part.terms(tf.constant(x), networks)  # type: ignore[attr-defined]
    return made.reconstruction.numpy(), made.penalty.numpy(), networks


def posterior(networks, x=X):
    """Return mu, s and KL of each row."""
    mean, log_variance = (part.numpy() for part in networks.encode(tf.constant(x)))
    return mean, np.exp(0.5 * log_variance), 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).sum(axis=1)


def test_denoising_reconstructs_the_clean_row_from_the_noisy_one():
    reconstruction, penalty, networks = terms("denoising", noise=0.5)
    (noise,) = networks.noises
    output = (X + 0.5 * noise) @ networks.mean.numpy() @ networks.decoder.numpy()
    np.testing.assert_allclose(reconstruction, 0.5 * ((X - output) ** 2).sum(axis=1), rtol=1e-4)
    np.testing.assert_array_equal(penalty, 0.0)


def test_sparse_and_rae_l2_penalise_codes_and_the_decoder():
    reconstruction, penalty, networks = terms("sparse")
    codes = X @ networks.mean.numpy()
    np.testing.assert_allclose(penalty, np.abs(codes).sum(axis=1), rtol=1e-5)
    _, both, networks = terms("rae_l2", beta=0.3, decoder_l2=0.7)
    expected = 0.15 * (codes**2).sum(axis=1) + 0.7 * (networks.decoder.numpy() ** 2).sum()
    np.testing.assert_allclose(both, expected, rtol=1e-5)
    np.testing.assert_array_equal(reconstruction, terms("ae")[0])


def test_without_weight_or_noise_they_are_the_plain_autoencoder():
    plain = terms("ae")[0]
    for variant, params in [
        ("sparse", {"beta": 0.0}), ("denoising", {"noise": 0.0}), ("rae_l2", {"beta": 0.0, "decoder_l2": 0.0}),
        ("wae_mmd", {"beta": 0.0}), ("swae", {"beta": 0.0}),
    ]:  # fmt: skip
        part = make(Variant, variant, params)
        reconstruction, penalty, _ = terms(variant, **params)
        weight = part.weight(tf.constant(0.0))  # type: ignore[attr-defined]
        np.testing.assert_allclose(reconstruction + weight * penalty, plain, rtol=1e-6)


def test_the_share_of_codes_near_zero_grows_with_the_weight_of_sparse():
    def share(beta):
        spec = small_spec(make(Variant, "sparse", {"beta": beta}), latent_dim=10, l2_weights=1e-3)
        fitted = fit(spec, small_replicate())
        codes = np.abs(fitted.trained.codes(fitted.recipe.scaler.transform(fitted.draw.train)).mean)
        return (codes < 0.05 * codes.max()).mean()

    assert share(1e-4) < share(0.03) - 0.1
    assert share(0.03) < share(0.1)


# ---- codes against the prior


def inverse_multiquadratic(a, b, units):
    return sum(2 * units * s / (2 * units * s + ((a - b) ** 2).sum()) for s in SCALES)


def double_loop(z, prior, units):
    n = len(z)
    pairs = [(i, j) for i in range(n) for j in range(n)]
    within = sum(
        inverse_multiquadratic(z[i], z[j], units) + inverse_multiquadratic(prior[i], prior[j], units)
        for i, j in pairs
        if i != j
    )
    return within / (n * (n - 1)) - 2 * sum(inverse_multiquadratic(z[i], prior[j], units) for i, j in pairs) / n**2


def test_wae_s_mmd_is_the_double_sum_over_rows_that_count_and_units_in_use():
    x = random.normal(size=(9, 2)).astype(np.float32)
    _, penalty, networks = terms("wae_mmd", x, Networks(2, 5, used=3, rows=7, stochastic=False))
    z, (prior,) = x[:7] @ networks.mean.numpy()[:, :3], networks.noises
    np.testing.assert_allclose(penalty[:7], double_loop(z, prior[:7, :3], 3), rtol=1e-4)


def test_many_rows_are_compared_block_by_block(monkeypatch):
    monkeypatch.setattr(_mmd, "BLOCK", 20)
    rows, size = 31, 16
    z, prior = random.normal(1.0, 1.0, (2, rows, 2)).astype(np.float32)
    networks = SimpleNamespace(counted=tf.ones(rows), latent_mask=tf.ones(2), latent_noise=lambda: tf.constant(prior))
    estimates = squared_mmd(tf.constant(z), networks).numpy()  # type: ignore[arg-type]
    for block in (slice(0, size), slice(size, rows)):
        np.testing.assert_allclose(estimates[block], double_loop(z[block], prior[block], 2), atol=1e-4)


def test_the_mmd_is_zero_on_average_where_codes_follow_the_prior_and_for_one_row():
    def estimate(n, shift=0.0):
        networks = SimpleNamespace(
            counted=tf.ones(n), latent_mask=tf.ones(2), latent_noise=lambda: tf.random.normal((n, 2))
        )
        codes = tf.random.normal((n, 2), shift)
        return float(squared_mmd(codes, networks)[0])  # type: ignore[arg-type]

    tf.random.set_seed(3)
    same, shifted = np.array([[estimate(20), estimate(20, 1.0)] for _ in range(60)]).T
    assert abs(same.mean()) < 4 * same.std() / np.sqrt(60)
    assert shifted.mean() > 10 * shifted.std() / np.sqrt(60)
    assert estimate(1) == 0.0


def sliced(z, used=3, rows=None):
    networks = Networks(z.shape[1], z.shape[1], used=used, rows=rows, stochastic=False)
    networks.mean.assign(np.eye(z.shape[1]))
    return Swae().terms(tf.constant(z, tf.float32), networks).penalty.numpy()


def test_swae_s_distance_of_a_normal_is_known():
    shift, scale = np.array([1.0, -0.5, 0.3, 9.0]), 0.6
    z = shift + scale * random.standard_normal((20_000, 4))  # the fourth unit is not in use
    expected = (shift[:3] ** 2).sum() / 3 + (scale - 1) ** 2
    measured = np.mean([sliced(z)[0] for _ in range(10)])  # over directions: |m' theta|^2 varies
    directions = 50
    spread = np.sqrt(2 * (4 / 5) / directions) * (shift[:3] ** 2).sum() / 3
    assert measured == pytest.approx(expected, abs=3 * spread)


def test_swae_leaves_out_rows_that_do_not_count():
    z = random.standard_normal((9, 3))
    np.testing.assert_allclose(sliced(z, rows=6)[0], sliced(z[:6])[0], rtol=1e-5)
    assert np.isfinite(sliced(z, rows=1)).all()


def test_swae_leaves_a_batch_of_the_prior_s_own_draws_as_wide_as_it_is():
    draws = np.sort(random.standard_normal((40_000, 11)), axis=1)
    expected = order_statistics(16, tf.constant(11.0)).numpy()
    assert not expected[11:].any()
    stretched, n = expected[:11], 11
    np.testing.assert_allclose(stretched * (draws.mean(axis=0) @ draws.mean(axis=0) / n), draws.mean(axis=0), atol=0.02)
    # d/dc of mean (c t - q)^2 at c = 1 is 2 (mean t^2 - mean t q): zero on average
    assert (draws @ stretched / n).mean() == pytest.approx(1.0, abs=0.01)


# ---- relatives of vae


def test_info_vae_is_vae_where_the_mmd_has_no_weight_and_the_mmd_alone_where_the_kl_has_none():
    reconstruction, kl, _ = terms("vae")
    for ours, theirs in zip(terms("info_vae", alpha=0.0, lam=1.0)[:2], (reconstruction, kl), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    _, mmd, networks = terms("info_vae", alpha=1.0, lam=3.0)
    mean, std, _ = posterior(networks)
    noise, prior = networks.noises
    np.testing.assert_allclose(mmd, 3.0 * double_loop(mean + std * noise, prior, 3), rtol=1e-4)


def test_capacity_holds_the_mean_kl_of_rows_that_count_to_a_rising_target():
    networks = Networks(rows=4)
    networks.epoch = tf.constant(4.0)
    _, penalty, _ = terms("capacity", networks=networks, capacity=2.0, warm_up=10)
    np.testing.assert_allclose(penalty, abs(posterior(networks)[2][:4].mean() - 1.0), rtol=1e-4)
    part = make(Variant, "capacity", {"capacity": 2.0, "warm_up": 4})
    rising = [float(part.capacity_in(tf.constant(float(epoch)))) for epoch in range(6)]  # type: ignore[attr-defined]
    np.testing.assert_allclose(rising, [0.5, 1, 1.5, 2, 2, 2])


def test_capacity_zero_is_vae():
    reconstruction, kl, _ = terms("vae")
    ours = terms("capacity", capacity=0.0)
    np.testing.assert_array_equal(ours[0], reconstruction)
    np.testing.assert_allclose(ours[1], kl.mean(), rtol=1e-5)


@pytest.mark.parametrize("version", ["I", "II"])
def test_dip_vae_s_covariances_are_numpy_s(version):
    networks = Networks(2, 5, used=3, rows=5)
    _, penalty, _ = terms("dip_vae", networks=networks, version=version, beta=0.5, off_diagonal=2.0, diagonal=3.0)
    mean, std, kl = posterior(networks)
    covariance = np.cov(mean[:5, :3], rowvar=False)
    off = covariance - np.diag(np.diag(covariance))
    diagonal = np.diag(covariance) + (version == "II") * (std[:5, :3] ** 2).mean(axis=0)
    expected = 0.5 * kl + 2.0 * (off**2).sum() + 3.0 * ((diagonal - 1) ** 2).sum()
    np.testing.assert_allclose(penalty[:5], expected[:5], rtol=1e-4)


class ExactPosterior(LinearNetworks):
    """A linear decoder of variance `beta` with orthogonal directions, and its exact posterior, which is diagonal."""

    def __init__(self, beta) -> None:
        super().__init__(3, 2, stochastic=True)
        directions = np.array([[1.2, 0.9, 0.0], [-0.3, 0.4, 0.5]])
        assert directions[0] @ directions[1] == pytest.approx(0.0)
        self.decoder.assign(directions)
        self.variance = 1 / (1 + (directions**2).sum(axis=1) / beta)
        self.mean.assign(directions.T * self.variance / beta)
        self.rows_are = stats.multivariate_normal(np.zeros(3), directions.T @ directions + beta * np.eye(3))

    def encode(self, x):
        mean, _ = super().encode(x)
        return mean, tf.zeros_like(mean) + tf.constant(np.log(self.variance), tf.float32)


@pytest.mark.parametrize("draws", [1, 2, 50])
def test_iwae_s_bound_is_the_likelihood_where_the_posterior_is_exact(draws):
    beta = 0.3
    networks, x = ExactPosterior(beta), random.normal(size=(7, 3)).astype(np.float32)
    reconstruction, penalty, _ = terms("iwae", x, networks, beta=beta, draws=draws)
    bound = (reconstruction + beta * penalty) / beta
    np.testing.assert_allclose(-bound - 1.5 * np.log(2 * np.pi * beta), networks.rows_are.logpdf(x), rtol=1e-4)


def test_iwae_of_one_draw_is_vae_in_expectation_and_more_draws_bound_tighter():
    n = 20_000
    x = np.repeat(X[:1], n, axis=0)
    (reconstruction, kl, _), ours = terms("vae", x), terms("iwae", x, beta=0.3, draws=1)
    np.testing.assert_allclose(ours[0], reconstruction, rtol=1e-5)
    assert ours[1].mean() == pytest.approx(kl.mean(), abs=5 * ours[1].std() / np.sqrt(n))
    bounds = [(lost + 0.3 * rest).mean() for lost, rest, _ in (terms("iwae", x, beta=0.3, draws=k) for k in (1, 5, 50))]
    assert bounds[0] > bounds[1] > bounds[2]


def test_dist_vae_s_crps_is_the_double_sum_of_an_ensemble():
    reconstruction, penalty, networks = terms("dist_vae", draws=4)
    mean, std, kl = posterior(networks)
    codes = [mean + std * noise for noise in np.split(networks.noises[0], 4)]
    rows = np.stack([z @ networks.decoder.numpy() for z in codes])  # [draws, B, F]
    apart = sum(np.abs(a - b) for a in rows for b in rows) / (4 * 3)
    expected = (np.abs(X - rows).mean(axis=0) - 0.5 * apart).sum(axis=1)
    np.testing.assert_allclose(reconstruction, expected, rtol=1e-4)
    np.testing.assert_allclose(penalty, kl, rtol=1e-5)
