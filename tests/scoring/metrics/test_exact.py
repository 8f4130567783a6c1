"""Distances to a truth that is known exactly."""

import numpy as np
import pytest
from scipy import stats

from vaebench.data_sets.distribution import Distribution
from vaebench.data_sets.mixture import Mixture
from vaebench.scoring.metrics.exact import ks_exact


def everywhere(sample, cdf):
    """Return max |F_n(x) - F(x)|, F evaluated at and just below every value."""
    x = np.sort(sample)
    below = np.nextafter(x, -np.inf)
    return max(
        np.max(np.abs(np.searchsorted(np.sort(sample), at, side="right") / len(sample) - cdf(at))) for at in (x, below)
    )


@pytest.mark.parametrize("n", [1, 2, 1000])
def test_a_regular_grid_is_half_a_step_away(n):
    assert ks_exact((np.arange(n) + 0.5) / n, stats.uniform.cdf) == pytest.approx(0.5 / n)


@pytest.mark.parametrize("size", [1, 2, 10, 66, 5000])
@pytest.mark.parametrize(
    "law", [stats.norm(), stats.norm(0.5), stats.norm(0, 0.1), stats.gamma(0.3), stats.uniform(-1, 2), stats.t(3)]
)
def test_it_is_scipys(law, size):
    """Of samples that fit their law well, badly, and not at all."""
    for seed in range(4):
        sample = np.random.default_rng(seed).normal(size=size)
        assert ks_exact(sample, law.cdf) == pytest.approx(stats.kstest(sample, law.cdf, method="asymp").statistic)


def test_zeros_and_ones():
    sample = np.repeat([0.0, 1.0], [70, 30])
    assert ks_exact(sample, stats.bernoulli(0.5).cdf) == pytest.approx(0.2)
    assert ks_exact(sample, stats.bernoulli(0.3).cdf) == pytest.approx(0.0, abs=1e-12)


def test_a_law_with_jumps_and_slopes():
    law = Mixture(((0.3, Distribution("poisson", (("mu", 2),))), (0.7, Distribution("norm", (("loc", 2),)))))
    for seed in range(10):
        random = np.random.default_rng(seed)
        for sample in (law.sample(400, random)[:, 0], random.poisson(2, 400) * 1.0, random.normal(2, 1, 400)):
            assert ks_exact(sample, law.cdf) == pytest.approx(everywhere(sample, law.cdf))


def test_a_costly_law_is_evaluated_at_few_values():
    evaluated = []

    def cdf(x):
        evaluated.append(len(x))
        return stats.norm.cdf(x)

    sample = np.random.default_rng(0).normal(0.1, 1, size=15_000)
    assert ks_exact(sample, cdf) == pytest.approx(stats.kstest(sample, "norm", method="asymp").statistic)
    assert sum(evaluated) < 2000
