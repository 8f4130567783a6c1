"""Likelihood fitness, density and coverage: expectations of a perfect generator, and what faults do to them."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from vaebench.data_sets.banana import Banana
from vaebench.data_sets.correlated import Correlated
from vaebench.data_sets.grid import Grid
from vaebench.data_sets.ring import Ring
from vaebench.rows import Draw
from vaebench.scoring.metrics.coverage import NEIGHBOURS, density_and_coverage
from vaebench.scoring.metrics.likelihood import MOST_ROWS, l_syn, l_test
from vaebench.scoring.score import measure

PAPERS_RING = Ring(8, 0.05**0.5)


def sample(data_set, n, seed=0):
    return data_set.sample(n, np.random.default_rng(seed))


# ---- likelihood fitness


@pytest.mark.parametrize(("data_set", "identity"), [(Grid(), -3.06), (PAPERS_RING, -1.70)], ids=["grid", "ring"])
def test_true_rows_have_what_is_published_of_them(data_set, identity):
    """The row "identity" of SDGym's table, within the error of 10,000 rows; a fit to 10,000 costs 0.01 more."""
    rows, true = (sample(data_set, MOST_ROWS, seed) for seed in (1, 2))
    assert l_syn(rows, data_set) == pytest.approx(identity, abs=0.03)
    assert l_test(rows, true, data_set.cluster_count) == pytest.approx(identity, abs=0.04)


def test_l_syn_is_that_of_a_closed_form():
    """Rows of N(m, s^2 I) under N(0, I): -log 2 pi - (2 s^2 + m'm) / 2."""
    rows = 0.5 * np.random.default_rng(0).normal(size=(MOST_ROWS, 2)) + [1.0, 0.0]
    expected = -np.log(2 * np.pi) - (2 * 0.25 + 1) / 2
    assert l_syn(rows, Correlated(2, 0.0)) == pytest.approx(expected, abs=0.03)


def test_a_lost_cluster_is_seen_by_l_test_and_rewarded_by_l_syn():
    rows, true = sample(PAPERS_RING, 4000, 1), sample(PAPERS_RING, 4000, 2)
    lost = rows[rows[:, 0] < 0.9]
    tight = PAPERS_RING.means[np.arange(4000) % 8] + 0.01 * rows
    assert l_test(lost, true, 8) < l_test(rows, true, 8) - 0.1
    assert l_syn(tight, PAPERS_RING) > l_syn(rows, PAPERS_RING) + 0.5
    assert l_test(tight, true, 8) < -100


@pytest.mark.parametrize("rows", [np.full((500, 2), 3.0), np.full((500, 2), 1e200), np.zeros((4, 2))])
def test_rows_without_spread_have_finite_figures_or_none(rows):
    true = sample(PAPERS_RING, 500)
    for found in (l_syn(rows, PAPERS_RING), l_test(rows, true, 8)):
        assert found is None or np.isfinite(found)


# ---- density and coverage


def plain(generated, true):
    """Return both by their definition, with all distances."""
    radii = np.sort(cdist(true, true), axis=1)[:, NEIGHBOURS]
    inside = cdist(true, generated) <= radii[:, None]
    return inside.sum() / (NEIGHBOURS * len(generated)), inside.any(axis=1).mean()


def test_they_are_what_their_definition_says():
    true, generated = sample(Banana(), 300), sample(Banana(), 300, 1)
    found = density_and_coverage(generated, true)
    assert (found["density"], found["coverage"]) == pytest.approx(plain(generated, true))


def test_of_true_rows_they_are_what_is_expected():
    """P(no generated row in a ball): the k nearest of 2 n - 1 other rows are all true, 2^-k for many rows."""
    found = density_and_coverage(sample(Correlated(3), 5000), sample(Correlated(3), 5000, 1))
    assert found["density"] == pytest.approx(1.0, abs=0.05)
    assert found["coverage"] == pytest.approx(1 - 2.0**-NEIGHBOURS, abs=0.01)


def test_a_lost_half_costs_coverage_and_rows_in_the_void_cost_density():
    rows, true = sample(Correlated(2, 0.0), 4000), sample(Correlated(2, 0.0), 4000, 1)
    half = density_and_coverage(np.abs(rows) * [1, 0] + rows * [0, 1], true)
    assert half["coverage"] == pytest.approx(0.5, abs=0.05)
    assert half["density"] == pytest.approx(1.0, abs=0.05)
    away = density_and_coverage(np.where(np.arange(4000)[:, None] % 2, rows, rows + 20), true)
    assert away["density"] == pytest.approx(0.5, abs=0.05)
    assert away["coverage"] > 0.85
    assert density_and_coverage(rows + 10, true) == {"density": 0, "coverage": 0}


def test_too_few_rows_have_neither():
    assert density_and_coverage(np.zeros((9, 2)), np.zeros((NEIGHBOURS, 2))) == {}


# ---- where they are


@pytest.mark.parametrize(
    ("data_set", "expected"),
    [(PAPERS_RING, {"l_syn", "l_test"}), (Banana(), {"l_syn"}), (Correlated(), {"l_syn"})],
    ids=["ring", "banana", "correlated"],
)
def test_the_confirmation_has_what_the_data_set_allows(data_set, expected):
    draw = Draw(*(sample(data_set, 200, seed) for seed in range(4)))
    found = measure(sample(data_set, 200, 9), draw, data_set, "confirm")
    assert {name for name in found if name.startswith("l_")} == expected
    assert {"density", "coverage"} <= found.keys()
    assert not {*expected, "density", "coverage"} & measure(draw.floor, draw, data_set, "search").keys()
