import numpy as np
import pytest

from vaebench.baselines.bootstrap import Bootstrap
from vaebench.baselines.gaussian import Gaussian
from vaebench.baselines.kde import KernelDensity
from vaebench.parts import load, modules

NAMES = ("bootstrap", "gaussian", "kde")
N = 200_000


@pytest.fixture
def train():
    random = np.random.default_rng(5)
    return random.multivariate_normal([100.0, -3.0], [[100.0, 12.0], [12.0, 4.0]], 67)


def test_the_first_baselines_are_found():
    assert set(NAMES) <= set(modules("baseline"))


@pytest.mark.parametrize("name", modules("baseline"))
@pytest.mark.parametrize("columns", [1, 2])
def test_every_baseline_keeps_the_contract(name, columns, train):
    train, copy = train[:, :columns], train[:, :columns].copy()
    baseline = load("baseline", name)()
    rows, again, other = (baseline.generate(train, 500, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert baseline.name == name
    assert len((type(baseline).__doc__ or "").splitlines()[0]) > 10
    assert rows.shape == (500, columns)
    assert rows.dtype == np.float64
    assert np.isfinite(rows).all()
    assert np.array_equal(rows, again), "the random numbers come from the generator alone"
    assert not np.array_equal(rows, other)
    assert np.array_equal(train, copy), "the training rows are left as they are"


def test_gaussian_is_maximum_likelihood(train):
    rows = Gaussian().generate(train, N, np.random.default_rng(0))
    covariance = np.cov(train, rowvar=False, ddof=0)
    errors = np.sqrt(np.diag(covariance) / N)
    assert np.all(np.abs(rows.mean(axis=0) - train.mean(axis=0)) < 4 * errors)
    assert np.cov(rows, rowvar=False) == pytest.approx(covariance, rel=0.02)


def test_gaussian_of_one_column_divides_by_n():
    rows = Gaussian().generate(np.array([[0.0], [2.0]]), N, np.random.default_rng(0))
    assert rows.std() == pytest.approx(1.0, rel=0.01)  # with divisor n - 1 it would be 1.41
    assert rows.mean() == pytest.approx(1.0, abs=0.01)


def test_gaussian_of_fewer_rows_than_columns_stays_in_their_span():
    train = np.array([[0.0, 0.0, 1.0], [2.0, 4.0, 1.0]])
    rows = Gaussian().generate(train, 1000, np.random.default_rng(0))
    assert rows[:, 1] == pytest.approx(2 * rows[:, 0], abs=1e-6)
    assert rows[:, 2] == pytest.approx(np.ones(1000), abs=1e-6)


def test_kde_widens_the_covariance_by_scotts_bandwidth(train):
    rows = KernelDensity().generate(train, N, np.random.default_rng(0))
    n, columns = train.shape
    bandwidth = n ** (-1 / (columns + 4))
    expected = np.cov(train, rowvar=False, ddof=0) + bandwidth**2 * np.cov(train, rowvar=False, ddof=1)
    assert np.cov(rows, rowvar=False) == pytest.approx(expected, rel=0.02)


def test_kde_of_rows_on_a_line_fails_with_a_reason():
    with pytest.raises(np.linalg.LinAlgError, match="lower-dimensional"):
        KernelDensity().generate(np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]), 10, np.random.default_rng(0))


def test_bootstrap_copies_whole_rows_evenly(train):
    rows = Bootstrap().generate(train, N, np.random.default_rng(0))
    found, counts = np.unique(rows, axis=0, return_counts=True)
    assert np.array_equal(found, np.unique(train, axis=0))
    expected = N / len(train)
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected))
