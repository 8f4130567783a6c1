"""Data sets of known truth have the distribution, and the density, that their formulas say."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_moons

from vaebench.data_sets import DataSet, KnownDensity
from vaebench.data_sets.banana import Banana
from vaebench.data_sets.correlated import Correlated
from vaebench.data_sets.grid import Grid
from vaebench.data_sets.gridr import Gridr
from vaebench.data_sets.heavy_tail import HeavyTail
from vaebench.data_sets.moons import Moons
from vaebench.data_sets.ring import Ring
from vaebench.data_sets.spiral import Spiral
from vaebench.data_sets.zero_inflated import ZeroInflated
from vaebench.errors import InputError
from vaebench.parts import make
from vaebench.scoring.metrics.joint import sliced_wasserstein

ROWS = 20_000
DENSE = [
    Banana(), Banana(0.5, 1.0), Correlated(2, 0.6), Grid(), Grid(3, 0.5), Gridr(), Gridr(seed=3, side=2), HeavyTail(),
    HeavyTail(5.0, 2, 0.0), Moons(), Moons(0.3), Ring(), Ring(8, 0.05**0.5), Spiral(noise=0.1),
]  # fmt: skip


def sample(data_set, n=ROWS, seed=0):
    return data_set.sample(n, np.random.default_rng(seed))


def name_of(data_set):
    return repr(data_set)


# ---- densities


@pytest.mark.parametrize("data_set", DENSE, ids=name_of)
def test_a_density_integrates_to_the_share_of_rows_in_a_box(data_set):
    """On a fine grid over the inner 90 % of each column; the share is that of rows drawn."""
    assert isinstance(data_set, KnownDensity)
    rows = sample(data_set)
    low, high = np.quantile(rows, [0.05, 0.95], axis=0)
    steps = 120
    places = [a + (b - a) * (np.arange(steps) + 0.5) / steps for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*places, indexing="ij"), axis=-1).reshape(-1, 2)
    integral = np.exp(data_set.log_density(points)).sum() * np.prod((high - low) / steps)
    share = np.mean(((rows >= low) & (rows <= high)).all(axis=1))
    assert integral == pytest.approx(share, abs=5 * 0.5 / np.sqrt(ROWS))


@pytest.mark.parametrize("data_set", [Correlated(5, 0.8), HeavyTail(4.0, 5, 0.3)], ids=name_of)
def test_the_density_of_many_columns_is_scipys(data_set):
    shape = np.full((5, 5), data_set.correlation) + (1 - data_set.correlation) * np.eye(5)
    law = (
        stats.multivariate_t(shape=shape, df=4)
        if isinstance(data_set, HeavyTail)
        else stats.multivariate_normal(cov=shape)
    )
    rows = sample(data_set, 50)
    np.testing.assert_allclose(data_set.log_density(rows), law.logpdf(rows), rtol=1e-10)


@pytest.mark.parametrize(("data_set", "entropy"), [(Grid(), -3.06), (Ring(8, 0.05**0.5), -1.70)], ids=name_of)
def test_the_mean_log_density_is_the_published_one_of_true_rows(data_set, entropy):
    """The identity row of SDGym's table of simulated mixtures: -3.06 for the grid, -1.70 for the ring."""
    assert data_set.log_density(sample(data_set, 100_000)).mean() == pytest.approx(entropy, abs=0.01)


def test_far_from_everything_a_density_is_small_and_no_nan():
    far = np.array([[1e6, -1e6], [0.0, 1e6]])
    for data_set in DENSE:
        assert (data_set.log_density(far) < -10).all()
        assert np.isfinite(data_set.log_density(far)).all()


# ---- grids


def test_the_grid_has_the_papers_means():
    assert sorted(map(tuple, Grid().means)) == [(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)]
    rows = sample(Grid())
    np.testing.assert_allclose(rows.var(axis=0), 8.05, rtol=0.03)
    about = rows - 2 * np.round(rows / 2)
    assert stats.kstest(about.ravel(), stats.norm(0, 0.05**0.5).cdf).pvalue > 1e-3, "0.05 is the variance"


def test_a_disturbed_grid_has_moves_of_its_seed_alone():
    moves = Gridr(seed=1).means - Grid().means
    np.testing.assert_array_equal(Gridr(seed=1).means, Gridr(seed=1).means)
    assert not np.array_equal(Gridr(seed=2).means, Gridr(seed=1).means)
    many = np.concatenate([Gridr(seed=seed).means - Grid().means for seed in range(40)]).ravel()
    assert stats.kstest(many, stats.uniform(-0.5, 1).cdf).pvalue > 1e-3
    near = np.linalg.norm(sample(Gridr(seed=1))[:, None] - Gridr(seed=1).means, axis=2)
    assert np.bincount(near.argmin(axis=1), minlength=25).min() > 600, "25 clusters of 800 rows"
    assert moves.shape == (25, 2)


# ---- curves


def test_moons_are_scikit_learns():
    theirs = make_moons(ROWS, noise=0.1, random_state=0)[0]
    ours, again = sample(Moons()), sample(Moons(), seed=1)
    assert sliced_wasserstein(ours, theirs) < 2 * sliced_wasserstein(ours, again) + 0.005
    assert Moons().log_density(theirs).mean() == pytest.approx(Moons().log_density(ours).mean(), abs=0.02)


def test_a_spiral_is_about_evenly_filled_and_ends_at_the_circle():
    r = np.linalg.norm(sample(Spiral(noise=0.01)), axis=1)
    assert stats.kstest(r**2, stats.uniform.cdf).statistic < 0.02, "the root spreads rows evenly over the disc"
    angle = np.unwrap(np.arctan2(*Spiral().curve(np.linspace(0.001, 1, 5000)).T[::-1]))
    assert angle[-1] - angle[0] == pytest.approx(2 * np.pi * 1.5 * (1 - np.sqrt(0.001)))


# ---- heavy tails, zeros


def test_columns_with_heavy_tails_are_students():
    rows = sample(HeavyTail(3.0, 3, 0.5))
    for column in rows.T:
        assert stats.kstest(column, stats.t(3).cdf).pvalue > 1e-3
    tau = stats.kendalltau(rows[:5000, 0], rows[:5000, 1]).statistic
    assert tau == pytest.approx(2 / np.pi * np.arcsin(0.5), abs=0.04)  # of every elliptical distribution
    with pytest.raises(InputError, match="greater than 2"):
        make(DataSet, "heavy_tail", {"df": 2.0})


@pytest.mark.parametrize("zeros", [0.7, 0.2])
def test_amounts_are_zero_as_often_as_they_should_and_lognormal_otherwise(zeros):
    x, amount = sample(ZeroInflated(zeros, 0.5)).T
    assert (amount == 0).mean() == pytest.approx(zeros, abs=4 * np.sqrt(zeros * (1 - zeros) / ROWS))
    assert amount.min() == 0
    assert stats.kstest(np.log(amount[amount > 0]), stats.norm(0, 0.5).cdf).pvalue > 1e-3
    assert stats.kstest(x, stats.norm.cdf).pvalue > 1e-3
    some = x > 1
    expected = 1 - stats.norm.cdf(np.sqrt(2) * stats.norm.ppf(zeros) - x[some])
    assert (amount[some] > 0).mean() == pytest.approx(expected.mean(), abs=0.03), "the more so, the larger x"
