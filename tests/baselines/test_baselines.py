"""Every baseline, one by one and by the contract that all keep."""

import numpy as np
import pytest
from scipy import stats
from sklearn.decomposition import PCA

from vaebench.baselines import Baseline, ppca
from vaebench.data_sets.distribution import Distribution
from vaebench.data_sets.file import File
from vaebench.data_sets.mixture import Mixture
from vaebench.parts import load, modules

NAMES = {"bootstrap", "gaussian", "gmm", "kde", "ppca", "true_family", "uniform"}
COPYING = {"bootstrap", "beta_copula", "smote"}
N = 200_000
NORMAL = Distribution("norm", (("loc", 100.0), ("scale", 10.0)))


def drawn(name, train, data_set=NORMAL, n=N):
    return load(Baseline, name)().generate(train, n, np.random.default_rng(0), data_set)


@pytest.fixture
def train():
    random = np.random.default_rng(5)
    return random.multivariate_normal([100.0, -3.0], [[100.0, 12.0], [12.0, 4.0]], 67)


def test_the_first_baselines_are_found():
    assert set(modules(Baseline)) >= NAMES


def test_these_alone_copy():
    assert {name for name in modules(Baseline) if load(Baseline, name).copies} == COPYING


@pytest.mark.parametrize(
    ("name", "columns"),
    [(name, columns) for name in modules(Baseline) for columns in (1, 2) if (name, columns) != ("true_family", 2)],
)  # distributions have one column
def test_every_baseline_keeps_the_contract(name, columns, train):
    train, copy = train[:, :columns], train[:, :columns].copy()
    baseline = load(Baseline, name)()
    generators = (np.random.default_rng(seed) for seed in (1, 1, 2))
    rows, again, other = (baseline.generate(train, 500, random, NORMAL) for random in generators)
    assert baseline.name == name
    assert len((type(baseline).__doc__ or "").splitlines()[0]) > 10
    assert rows.shape == (500, columns)
    assert rows.dtype == np.float64
    assert np.isfinite(rows).all()
    assert np.array_equal(rows, again), "the random numbers come from the generator alone"
    assert not np.array_equal(rows, other)
    assert np.array_equal(train, copy), "the training rows are left as they are"


def test_gaussian_is_maximum_likelihood(train):
    rows = drawn("gaussian", train)
    covariance = np.cov(train, rowvar=False, ddof=0)
    errors = np.sqrt(np.diag(covariance) / N)
    assert np.all(np.abs(rows.mean(axis=0) - train.mean(axis=0)) < 4 * errors)
    assert np.cov(rows, rowvar=False) == pytest.approx(covariance, rel=0.02)


def test_gaussian_of_one_column_divides_by_n():
    rows = drawn("gaussian", np.array([[0.0], [2.0]]))
    assert rows.std() == pytest.approx(1.0, rel=0.01)  # with divisor n - 1 it would be 1.41
    assert rows.mean() == pytest.approx(1.0, abs=0.01)


def test_gaussian_of_fewer_rows_than_columns_stays_in_their_span():
    train = np.array([[0.0, 0.0, 1.0], [2.0, 4.0, 1.0]])
    rows = drawn("gaussian", train, n=1000)
    assert rows[:, 1] == pytest.approx(2 * rows[:, 0], abs=1e-6)
    assert rows[:, 2] == pytest.approx(np.ones(1000), abs=1e-6)


def test_kde_widens_the_covariance_by_scotts_bandwidth(train):
    rows = drawn("kde", train)
    n, columns = train.shape
    bandwidth = n ** (-1 / (columns + 4))
    expected = np.cov(train, rowvar=False, ddof=0) + bandwidth**2 * np.cov(train, rowvar=False, ddof=1)
    assert np.cov(rows, rowvar=False) == pytest.approx(expected, rel=0.02)


def test_kde_of_rows_on_a_line_fails_with_a_reason():
    with pytest.raises(np.linalg.LinAlgError, match="lower-dimensional"):
        drawn("kde", np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]), n=10)


def test_bootstrap_copies_whole_rows_evenly(train):
    rows = drawn("bootstrap", train)
    found, counts = np.unique(rows, axis=0, return_counts=True)
    assert np.array_equal(found, np.unique(train, axis=0))
    expected = N / len(train)
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected))


def test_gmm_finds_two_clusters_and_nothing_between():
    random = np.random.default_rng(3)
    train = np.concatenate([random.normal(-40, 1, (70, 1)), random.normal(60, 2, (30, 1))])
    rows = drawn("gmm", train)
    left = rows < 10
    assert left.mean() == pytest.approx(0.7, abs=5 * np.sqrt(0.7 * 0.3 / N))
    assert not ((rows > -30) & (rows < 45)).any()
    for part, cluster in ((rows[left], train[:70]), (rows[~left], train[70:])):
        assert part.mean() == pytest.approx(cluster.mean(), abs=5 * cluster.std() / np.sqrt(len(part)))
        assert part.std() == pytest.approx(cluster.std(), rel=0.02)


def test_gmm_of_a_normal_is_the_gaussian():
    """BIC takes a second component for one of 300 normal rows rarely, and then for a small one."""
    train = np.random.default_rng(4).normal(100, 10, (300, 1))
    rows = drawn("gmm", train)
    assert stats.kstest(rows[:, 0], stats.norm(train.mean(), train.std()).cdf).pvalue > 1e-3


def from_loadings(n, seed=0):
    """Return rows of a probabilistic PCA with two components in five columns, and its covariance."""
    random = np.random.default_rng(seed)
    loadings = np.array(
        [[2.0, 0.0], [0.0, 2.0], [1.2, 1.6], [1.6, -1.2], [-2.0, 0.0]]
    )  # every column's variance is 4.25
    rows = random.standard_normal((n, 2)) @ loadings.T + 0.5 * random.standard_normal((n, 5)) + np.arange(5.0)
    return rows, loadings @ loadings.T + 0.25 * np.eye(5)


def test_ppca_recovers_the_covariance_of_known_loadings():
    train, covariance = from_loadings(20_000)
    rows = drawn("ppca", train)
    assert np.cov(rows, rowvar=False) == pytest.approx(covariance, abs=5 * 4.25 * np.sqrt(2 / 20_000))
    assert rows.mean(axis=0) == pytest.approx(np.arange(5.0), abs=5 * np.sqrt(4.25 / 20_000))
    assert ppca.components(np.linalg.eigvalsh(covariance)[::-1], 20_000) == 2


def test_ppca_has_scikit_learns_covariance_and_its_lowest_bic():
    train, _ = from_loadings(67)
    train = (train - train.mean(axis=0)) / train.std(axis=0)
    fits = [PCA(q, svd_solver="full").fit(train) for q in range(5)]
    # scikit-learn's covariances have divisor n - 1
    logs = [stats.multivariate_normal(np.zeros(5), fit.get_covariance() * 66 / 67).logpdf(train).sum() for fit in fits]
    bics = [-2 * log + (5 + 5 * q - q * (q - 1) / 2 + 1) * np.log(67) for q, log in enumerate(logs)]
    q = ppca.components(np.linalg.eigvalsh(np.cov(train, rowvar=False, ddof=0))[::-1], 67)
    assert q == np.argmin(bics) == 2
    rows = drawn("ppca", train)
    assert np.cov(rows, rowvar=False) == pytest.approx(fits[q].get_covariance() * 66 / 67, abs=5 * np.sqrt(2 / N))


def test_ppca_does_not_depend_on_units(train):
    millimetres = drawn("ppca", train * [1, 1000])
    np.testing.assert_allclose(millimetres, drawn("ppca", train) * [1, 1000], rtol=1e-6, atol=1e-6)


def test_ppca_of_one_column_is_the_gaussian(train):
    rows = drawn("ppca", train[:, :1])
    assert stats.kstest(rows[:, 0], stats.norm(train[:, 0].mean(), train[:, 0].std()).cdf).pvalue > 1e-3


def test_ppca_of_fewer_rows_than_columns_spans_them_all():
    train, _ = from_loadings(4, seed=1)
    rows = drawn("ppca", train)
    assert np.linalg.matrix_rank(np.cov(rows, rowvar=False)) == 5
    assert np.trace(np.cov(rows / train.std(axis=0), rowvar=False)) == pytest.approx(5, rel=0.02)


def test_uniform_fills_the_range_of_the_training_rows_and_no_more(train):
    rows = drawn("uniform", train)
    low, high = train.min(axis=0), train.max(axis=0)
    assert (rows >= low).all()
    assert (rows <= high).all()
    for column in range(2):
        law = stats.uniform(low[column], high[column] - low[column])
        assert stats.kstest(rows[:, column], law.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(rows, rowvar=False)[0, 1]) < 5 / np.sqrt(N)


def test_the_true_family_of_a_lognormal_has_the_logarithms_moments():
    data_set = Distribution("lognorm", (("s", 0.6), ("scale", 50.0)))
    train = data_set.sample(67, np.random.default_rng(6))
    logs = np.log(drawn("true_family", train, data_set))
    logs_of_train = np.log(train)
    assert logs.mean() == pytest.approx(logs_of_train.mean(), abs=5 * logs_of_train.std() / np.sqrt(N))
    assert logs.std() == pytest.approx(logs_of_train.std(), rel=5 / np.sqrt(2 * N))


def test_the_true_family_of_a_normal_is_the_gaussian(train):
    column = train[:, :1]
    rows = drawn("true_family", column)
    assert stats.kstest(rows[:, 0], stats.norm(column.mean(), column.std()).cdf).pvalue > 1e-3


def test_the_true_family_suits_what_can_be_fitted(tmp_path):
    np.savetxt(tmp_path / "a.csv", np.random.default_rng(0).normal(size=(9, 1)), header="a", comments="")
    normals = [{"weight": 1, "name": "norm"}, {"weight": 1, "name": "norm", "loc": 5}]
    expected = {
        NORMAL: True,
        Distribution("gamma", (("a", 2.0),)): True,
        Distribution("poisson", (("mu", 4.0),)): False,
        Mixture.parse(normals, tmp_path): True,
        Mixture.parse([*normals, {"weight": 1, "name": "uniform"}], tmp_path): False,
        File.parse("a.csv", tmp_path): False,
    }
    baseline = load(Baseline, "true_family")()
    assert {data_set: baseline.suits(data_set) for data_set in expected} == expected


def test_the_true_family_says_what_it_cannot_fit():
    with pytest.raises(ValueError, match="no maximum likelihood of the distribution on these 9 rows"):
        drawn("true_family", np.full((9, 1), 5.0))
