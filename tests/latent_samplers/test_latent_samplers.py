"""The latent samplers against closed forms, and against scikit-learn where it has the same thing."""

import numpy as np
import pytest
from scipy import stats
from sklearn import mixture as sklearn_mixture
from sklearn.covariance import ledoit_wolf

from vaebench.gaussian_mixture import GaussianMixture
from vaebench.latent_samplers import Codes, LatentSampler
from vaebench.parts import make

N = 200_000


def codes(rows, latent_dim, seed=0, std=0.0):
    """Return correlated codes."""
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(latent_dim, latent_dim))
    mean = 3.0 + random.standard_normal((rows, latent_dim)) @ mixing
    return Codes(mean, np.full_like(mean, std))


def fitted(name, learned, /, seed=1, **params):
    return make(LatentSampler, name, params).fit(learned, np.random.default_rng(seed))  # type: ignore[attr-defined]


def drawn(name, learned, /, **params):
    return fitted(name, learned, **params).draw(N, np.random.default_rng(2))


def assert_moments(z, mean, covariance):
    """Assert that draws have these moments: 5 standard errors, those of a Gaussian's draws, for each entry."""
    variance = np.diag(covariance)
    assert (np.abs(z.mean(axis=0) - mean) <= 5 * np.sqrt(variance / len(z))).all()
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / len(z))
    assert (np.abs(np.cov(z, rowvar=False).reshape(covariance.shape) - covariance) <= 5 * error).all()


def test_sampled_codes_have_the_means_variance_plus_the_encoders():
    learned = codes(N, 1, std=0.7)
    sampled = learned.choose("sampled", np.random.default_rng(0))
    assert sampled.var() == pytest.approx(learned.mean.var() + 0.7**2, rel=5 * np.sqrt(2 / N))
    assert learned.choose("mean", np.random.default_rng(0)) is learned.mean


def test_the_prior_is_standard_normal_whatever_the_codes_are():
    z = drawn("prior", codes(67, 3))
    assert_moments(z, np.zeros(3), np.eye(3))
    assert stats.kstest(z[:, 0], "norm").pvalue > 1e-4


def test_uniform_is_uniform_on_the_unit_cube_whatever_the_codes_are():
    z = drawn("uniform", codes(67, 3))
    assert z.min() >= 0.0
    assert z.max() <= 1.0
    assert stats.kstest(z[:, 1], "uniform").pvalue > 1e-4
    assert np.abs(np.corrcoef(z, rowvar=False) - np.eye(3)).max() < 5 / np.sqrt(N)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_diagonal_gaussian_has_the_codes_moments(scale):
    learned = codes(67, 3)
    z = drawn("gaussian", learned, codes="mean", scale=scale)
    assert_moments(z, learned.mean.mean(axis=0), scale**2 * np.diag(learned.mean.var(axis=0)))


def shrunk(z):
    """Return Ledoit and Wolf's covariance as their paper writes it: (1 - d) S + d mu I."""
    n, p = z.shape
    x = z - z.mean(axis=0)
    s = x.T @ x / n
    mu = np.trace(s) / p
    spread = np.sum((s - mu * np.eye(p)) ** 2) / p
    noise = sum(np.sum((np.outer(row, row) - s) ** 2) for row in x) / n**2 / p
    d = min(noise, spread) / spread
    return (1 - d) * s + d * mu * np.eye(p)


@pytest.mark.parametrize(("rows", "latent_dim", "scale"), [(67, 3, 1.0), (67, 3, 2.0), (20, 42, 1.0)])
def test_the_full_gaussian_has_the_shrunk_covariance(rows, latent_dim, scale):
    learned = codes(rows, latent_dim)
    covariance = shrunk(learned.mean)
    np.testing.assert_allclose(covariance, ledoit_wolf(learned.mean)[0], rtol=1e-9)
    z = drawn("gaussian", learned, covariance="full", codes="mean", scale=scale)
    assert_moments(z, learned.mean.mean(axis=0), scale**2 * covariance)
    assert np.linalg.matrix_rank(np.cov(z, rowvar=False)) == latent_dim


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_fitted_to_z_mean_it_misses_the_encoders_spread(covariance):
    learned = codes(20_000, 1, std=2.0)
    variance = learned.mean.var()
    means, sampled = (drawn("gaussian", learned, covariance=covariance, codes=which) for which in ("mean", "sampled"))
    assert means.var() == pytest.approx(variance, rel=0.02)
    # a sample variance of 20,000 rows has a relative standard error of 1 per cent, N draws of it 0.3 per cent
    assert sampled.var() == pytest.approx(variance + 4.0, rel=0.05)


@pytest.mark.parametrize("strength", [0.5, 4.0])
def test_the_bayesian_gaussian_has_the_moments_of_the_posterior_predictive(strength):
    """By integrating over mean and variance: the conjugate prior of one unit, times the likelihood of 8 codes."""
    learned = codes(8, 1)
    z = learned.mean[:, 0]
    log_variance = np.linspace(-7.0, 9.0, 1601)[None, :]
    spread = np.sqrt(np.exp(log_variance) / (8 + strength))
    mean = z.sum() / (8 + strength) + spread * np.linspace(-12.0, 12.0, 1601)[:, None]  # the posterior's centre
    variance = np.exp(log_variance)
    prior = stats.norm.logpdf(mean, 0.0, np.sqrt(variance / strength))
    prior += stats.invgamma.logpdf(variance, (2 + strength) / 2, scale=strength / 2)
    likelihood = sum(stats.norm.logpdf(row, mean, np.sqrt(variance)) for row in z)
    log_weight = prior + likelihood + log_variance + np.log(spread)  # areas of the cells
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    expected_mean = np.sum(weight * mean)
    expected_variance = np.sum(weight * (variance + mean**2)) - expected_mean**2
    (_, (_, moments)) = fitted("bayesian_gaussian", learned, codes="mean", strength=strength).steps
    assert moments["bias"][0] == pytest.approx(expected_mean, rel=1e-6)
    assert moments["kernel"][0, 0] ** 2 == pytest.approx(expected_variance, rel=1e-3)


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_the_bayesian_prior_counts_as_so_many_rows_of_mean_0_and_unit_covariance(covariance):
    learned = codes(67, 2)
    further = np.sqrt(2.0) * np.concatenate([np.eye(2), -np.eye(2)])  # 4 rows
    rows = np.concatenate([learned.mean, further])
    expected = (1 + 1 / 71) * np.cov(rows, rowvar=False, ddof=0)
    if covariance == "diagonal":
        expected = np.diag(np.diag(expected))
    z = drawn("bayesian_gaussian", learned, covariance=covariance, codes="mean", strength=4.0)
    assert_moments(z, rows.mean(axis=0), expected)


def test_the_bayesian_gaussian_is_the_prior_where_that_is_strong_and_the_codes_where_it_is_weak():
    learned = codes(67, 3)
    assert_moments(drawn("bayesian_gaussian", learned, strength=1e9), np.zeros(3), np.eye(3))
    weak, gaussian = (
        fitted(name, learned, codes="mean", **more).steps[1][1]
        for name, more in (("bayesian_gaussian", {"strength": 0.0}), ("gaussian", {}))
    )
    np.testing.assert_allclose(weak["bias"], gaussian["bias"])
    np.testing.assert_allclose(weak["kernel"], np.sqrt(1 + 1 / 67) * gaussian["kernel"])


CLUSTERS = np.concatenate([np.random.default_rng(0).normal(at, 0.3, (40, 1)) for at in (-4.0, 4.0)])


def fitted_mixture(learned, **params):
    ((name, arguments),) = fitted("gmm", learned, **params).steps
    assert name == "mixture"
    return GaussianMixture(**arguments)


def test_gmm_finds_two_separated_clusters():
    learned = Codes(CLUSTERS, np.zeros_like(CLUSTERS))
    mixture = fitted_mixture(learned)
    assert len(mixture.weights) == 2
    np.testing.assert_allclose(mixture.weights, [0.5, 0.5], atol=1e-3)
    order = np.argsort(mixture.means[:, 0])
    for k, cluster in zip(order, (CLUSTERS[:40], CLUSTERS[40:]), strict=True):
        assert mixture.means[k, 0] == pytest.approx(cluster.mean(), abs=1e-3)
        assert mixture.factors[k, 0, 0] == pytest.approx(cluster.std(), abs=1e-3)
    z = mixture.draw(N, np.random.default_rng(2))
    assert np.mean(np.abs(z) < 2.0) == 0.0, "nothing lies between the clusters"
    assert_moments(z, CLUSTERS.mean(axis=0), np.array([[CLUSTERS.var()]]))


@pytest.mark.parametrize("latent_dim", [1, 2, 20, 42])
def test_gmm_takes_one_gaussian_for_one(latent_dim):
    """Also where 67 rows are too few for several full covariances, whose likelihood then has no bound."""
    learned = codes(67, latent_dim)
    mixture = fitted_mixture(learned)
    assert len(mixture.weights) == 1
    z = mixture.draw(N, np.random.default_rng(2))
    assert_moments(
        z, learned.mean.mean(axis=0), np.cov(learned.mean, rowvar=False, ddof=0).reshape(latent_dim, latent_dim)
    )


def test_gmm_draws_what_scikit_learn_would():
    """The same mixture as scikit-learn's own on codes of very different spread, in their units."""
    random = np.random.default_rng(3)
    z = np.concatenate([random.normal((0, 0), (1, 1000), (150, 2)), random.normal((8, 9000), (2, 500), (50, 2))])
    mixture = fitted_mixture(Codes(z, np.zeros_like(z)), max_components=2)
    reference = sklearn_mixture.GaussianMixture(2, random_state=0).fit(z / z.std(axis=0))
    mine, theirs = np.argsort(mixture.weights), np.argsort(reference.weights_)
    np.testing.assert_allclose(mixture.weights[mine], reference.weights_[theirs], rtol=1e-2)
    np.testing.assert_allclose(mixture.means[mine], reference.means_[theirs] * z.std(axis=0), rtol=5e-2, atol=1.0)
    covariances = mixture.factors @ mixture.factors.swapaxes(1, 2)
    expected = reference.covariances_ * np.outer(z.std(axis=0), z.std(axis=0))
    scale = np.outer(z.std(axis=0), z.std(axis=0))
    np.testing.assert_allclose(covariances[mine] / scale, expected[theirs] / scale, atol=1e-2)
    assert_moments(mixture.draw(N, random), z.mean(axis=0), np.cov(z, rowvar=False, ddof=0))


def test_gmm_keeps_to_max_components():
    assert len(fitted_mixture(Codes(CLUSTERS, np.zeros_like(CLUSTERS)), max_components=1).weights) == 1
