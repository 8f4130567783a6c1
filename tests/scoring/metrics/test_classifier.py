"""A classifier's view of generated rows."""

import numpy as np
import pytest
from scipy.stats import norm

from vaebench.scoring.metrics.classifier import FEWEST_ROWS, MOST_ROWS, classifier

HELD_OUT = MOST_ROWS // 2
SIZES = (5000, 6000)


def two(seed, shift=0.0):
    random = np.random.default_rng(seed)
    a, b = (random.normal(size=(size, 2)) for size in SIZES)
    return a + np.array([shift, 0]), b


def test_samples_of_one_law_cannot_be_told_apart():
    """Without a difference the area has the Mann-Whitney statistic's variance, (2 n + 1) / (12 n^2)."""
    error = np.sqrt((2 * HELD_OUT + 1) / (12 * HELD_OUT**2))
    areas = [classifier(*two(seed)) for seed in range(4)]
    assert len(set(areas)) == 4
    assert areas == pytest.approx([0.5] * 4, abs=4 * error)


@pytest.mark.parametrize("shift", [1.0, 2.0, 4.0])
def test_shifted_normals_are_told_apart_as_well_as_they_can_be(shift):
    """No classifier's area exceeds Phi(d / sqrt 2) but by sampling error; trees come nine tenths of the way."""
    best = norm.cdf(shift / np.sqrt(2))
    error = np.sqrt(best * (1 - best) / HELD_OUT)  # a bound on the area's own
    found = np.mean([classifier(*two(seed, shift)) for seed in range(2)])
    assert 0.5 + 0.9 * (best - 0.5) - 4 * error < found < best + 4 * error


def test_a_relation_that_no_line_separates_is_found():
    """One kind where the signs of two columns agree, the other where they do not: every column alone is alike."""
    rows = np.random.default_rng(0).normal(size=(8000, 2))
    agree = rows[:, 0] * rows[:, 1] > 0
    assert classifier(rows[agree], rows[~agree]) > 0.95


def test_it_needs_rows_to_learn_from():
    a, b = two(0)
    assert classifier(a[: FEWEST_ROWS - 1], b) is None
    assert classifier(a, b[: FEWEST_ROWS - 1]) is None
    assert classifier(a, b[:FEWEST_ROWS] + 100) == 1.0


def test_it_is_the_same_each_time():
    assert classifier(*two(0, 1.0)) == classifier(*two(0, 1.0))


def test_rows_in_order_are_shuffled():
    """Else it would learn from the lower half of them and be asked about the upper one."""
    a, b = two(0, 1.0)
    assert classifier(np.sort(a[:MOST_ROWS], axis=0), b) > 0.6
