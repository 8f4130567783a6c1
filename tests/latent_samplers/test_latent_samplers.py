"""The latent samplers against closed forms, and against scikit-learn where it has the same thing."""

import dataclasses

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn import mixture as sklearn_mixture
from sklearn.covariance import ledoit_wolf

from vaebench.data_sets.ring import Ring
from vaebench.gaussian_mixture import GaussianMixture
from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentSampler, _network, flow, two_stage
from vaebench.parts import make
from vaebench.seeds import generator

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


def test_vamp_is_the_mixture_of_the_pseudo_inputs_codes():
    of = Codes(np.array([[-3.0, 0.0], [3.0, 2.0]]), np.array([[0.1, 1.0], [0.5, 0.2]]))
    z = drawn("vamp", dataclasses.replace(codes(67, 2), pseudo_inputs=of))
    first = z[:, 0] < 0
    assert first.mean() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(N))
    for part, mean, std in zip((z[first], z[~first]), of.mean, of.std, strict=True):
        assert_moments(part, mean, np.diag(std**2))
    with pytest.raises(ValueError, match="no pseudo-inputs"):
        drawn("vamp", codes(67, 2))


@pytest.mark.parametrize("name", ["vamp", "aggregate"])
def test_draws_of_posteriors_go_through_the_flow_of_the_codes(name):
    affine = Steps((("scale", {"factor": 2.0, "shift": 1.0}),))
    of = Codes(np.array([[-3.0], [3.0]]), np.array([[0.1], [0.1]]), affine)
    z = drawn(name, dataclasses.replace(of, pseudo_inputs=of))
    assert z[z > 0].mean() == pytest.approx(7.0, abs=0.01)


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


# ---- samplers that keep the codes


def test_the_aggregate_draws_each_rows_own_distribution():
    learned = Codes(np.array([[0.0, 10.0], [100.0, -10.0]]), np.array([[1.0, 2.0], [3.0, 0.0]]))
    z = drawn("aggregate", learned)
    first = z[:, 0] < 50.0
    assert first.mean() == pytest.approx(0.5, abs=0.01)
    assert_moments(z[first], [0.0, 10.0], np.diag([1.0, 4.0]))
    assert stats.kstest(z[~first, 0], stats.norm(100.0, 3.0).cdf).pvalue > 1e-4
    assert (z[~first, 1] == -10.0).all()


@pytest.mark.parametrize("bandwidth", [0.2, 1.0, 3.0])
def test_kde_is_a_mixture_of_kernels_with_the_codes_moments(bandwidth):
    learned = codes(67, 2)
    z = drawn("kde", learned, codes="mean", bandwidth=bandwidth)
    covariance = np.cov(learned.mean, rowvar=False, ddof=0)
    assert_moments(z, learned.mean.mean(axis=0), covariance)
    h = bandwidth * 67 ** (-1 / 6)
    centres = learned.mean.mean(axis=0) + (learned.mean - learned.mean.mean(axis=0)) / np.sqrt(1 + h**2)
    spread = np.sqrt(covariance[0, 0]) * h / np.sqrt(1 + h**2)
    at = np.linspace(z[:, 0].min(), z[:, 0].max(), 50)
    expected = stats.norm.cdf(at[:, None], centres[:, 0], spread).mean(axis=1)
    np.testing.assert_allclose((z[:, :1] <= at).mean(axis=0), expected, atol=5 * 0.5 / np.sqrt(N))


def test_the_beta_copula_has_the_codes_margins_and_the_smoothed_ranks_of_a_double_loop():
    learned = codes(23, 2)
    z = drawn("empirical_beta_copula", learned, codes="mean")
    ranks = stats.rankdata(learned.mean, axis=0)
    for column in (0, 1):
        at = np.sort(learned.mean[:, column])
        np.testing.assert_allclose(
            (z[:, [column]] <= at).mean(axis=0), (np.arange(23) + 0.5) / 23, atol=5 * 0.5 / np.sqrt(N)
        )
    for i, j in ((5, 5), (5, 20), (12, 12), (20, 3)):
        u, v = (i - 0.5) / 23, (j - 0.5) / 23
        joint = sum(stats.beta.cdf(u, r, 24 - r) * stats.beta.cdf(v, s, 24 - s) for r, s in ranks) / 23
        x, y = (np.sort(learned.mean[:, column])[place - 1] for column, place in ((0, i), (1, j)))
        assert ((z[:, 0] <= x) & (z[:, 1] <= y)).mean() == pytest.approx(joint, abs=5 * 0.5 / np.sqrt(N))


def test_equal_codes_stay_equal_in_the_beta_copula():
    z = drawn("empirical_beta_copula", Codes(np.column_stack([CLUSTERS, np.full(80, 7.0)]), np.zeros((80, 2))))
    assert (z[:, 1] == 7.0).all()
    assert z[:, 0].std() == pytest.approx(CLUSTERS.std(), rel=0.02)


def test_the_dirichlet_mixture_finds_the_clusters_and_leaves_the_other_components_out():
    ((name, arguments),) = fitted("dirichlet_mixture", Codes(CLUSTERS, np.zeros_like(CLUSTERS))).steps
    assert name == "mixture"
    used = arguments["weights"] > 0.05
    np.testing.assert_allclose(arguments["weights"][used], [0.5, 0.5], atol=0.03)
    np.testing.assert_allclose(np.sort(arguments["means"][used, 0]), [-4.0, 4.0], atol=0.2)


def test_the_dirichlet_mixture_leaves_small_clusters_as_wide_as_they_are():
    """In 600 codes of 8 clusters on a ring draws have minus the entropy; with scikit-learn's prior 0.5 less."""
    ring = Ring(width=0.1)
    z = ring.sample(600, generator("ring"))
    draws = fitted("dirichlet_mixture", Codes(z, np.zeros_like(z)), max_components=12).draw(20_000, generator("draws"))
    entropy = np.log(8) + np.log(2 * np.pi * 0.01) + 1  # the clusters are 7 widths apart
    assert ring.log_density(draws).mean() == pytest.approx(-entropy, abs=0.12)


# ---- samplers that train


def by_finite_differences(loss, weights, step=1e-6):
    gradient = []
    for each in weights:
        slopes = np.zeros_like(each)
        for index in np.ndindex(each.shape):
            kept = each[index]
            each[index] = kept + step
            above = loss()
            each[index] = kept - step
            slopes[index] = (above - loss()) / (2 * step)
            each[index] = kept
        gradient.append(slopes)
    return gradient


def some_weights(*shapes):
    random = np.random.default_rng(0)
    initial = [each for shape in shapes for each in _network.initial(*shape, random)]
    return [each + 0.3 * random.standard_normal(each.shape) for each in initial]


def test_the_gradient_of_the_second_vae_is_that_of_its_loss():
    random = np.random.default_rng(1)
    z, noise = random.normal(size=(2, 9, 3))
    weights = [*some_weights((3, 5, 6), (3, 5, 3)), np.array([0.3])]
    expected = by_finite_differences(lambda: two_stage.loss(weights, z, noise), weights)
    for found, reference in zip(two_stage.gradients(weights, z, noise), expected, strict=True):
        np.testing.assert_allclose(found, reference, atol=1e-7)


def test_the_gradient_of_the_flow_is_that_of_its_loss():
    z = np.random.default_rng(1).normal(size=(9, 3))
    weights, masks = some_weights((3, 5, 6), (3, 5, 6)), flow.masks_of(3, 5)
    expected = by_finite_differences(lambda: flow.loss(weights, masks, z), weights)
    for found, reference in zip(flow.gradients(weights, masks, z), expected, strict=True):
        np.testing.assert_allclose(found, reference, atol=1e-7)


def test_the_flows_steps_invert_its_layers_and_its_likelihood_is_that_of_a_density():
    """Log p(z) = log N(e) - log |dz / de|, the Jacobian of the generator's steps by finite differences."""
    weights, masks = some_weights((2, 6, 4), (2, 6, 4)), flow.masks_of(2, 6)
    names = ("kernels", "biases", "outs", "shifts")
    first, second = (dict(zip(names, layer, strict=True)) for layer in flow.layers_of(weights, masks))
    swap = ("dense", {"kernel": np.eye(2)[::-1], "bias": np.zeros(2)})
    steps = Steps((("autoregressive", second), swap, ("autoregressive", first)))
    random = np.random.default_rng(2)
    e = random.normal(size=(1, 2))
    z = steps.take(e, random)
    shifts = 1e-6 * np.eye(2)
    jacobian = np.concatenate([(steps.take(e + d, random) - steps.take(e - d, random)) / 2e-6 for d in shifts])
    expected = 0.5 * (e**2).sum() + np.log(np.abs(np.linalg.det(jacobian)))
    assert flow.loss(weights, masks, z) == pytest.approx(expected, abs=1e-7)


def distance_between(a, b):
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


@pytest.mark.parametrize("name", ["two_stage", "flow", "empirical_beta_copula", "kde"])
def test_a_bent_distribution_is_learned_better_than_by_its_moments(name):
    x, noise = np.random.default_rng(0).normal(size=(2, 600))
    bent = np.stack([x, x**2 + 0.3 * noise], axis=1)
    learned, true = Codes(bent[:300], np.zeros((300, 2))), bent[300:]
    moments = fitted("gaussian", learned, covariance="full").draw(1000, np.random.default_rng(3))
    own = fitted(name, learned).draw(1000, np.random.default_rng(3))
    assert distance_between(own, true) < 0.7 * distance_between(moments, true)
