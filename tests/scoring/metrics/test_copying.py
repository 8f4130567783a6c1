"""Whether generated rows copy training rows."""

import numpy as np
import pytest

from vaebench.scoring.metrics.copying import copying


def split(rows):
    return rows[:67], rows[67:100]


def continuous(n, random):
    return random.normal(size=(n, 2)) * [1, 1000]


def discrete(n, random):
    return random.poisson(1.0, size=(n, 2)) * 1.0


@pytest.mark.parametrize("law", [continuous, discrete])
def test_fresh_draws_do_not_copy(law):
    """The mean over draws of the data is exactly 0; its standard error is taken from the 200 draws."""
    found = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        found.append(copying(law(300, random), *split(law(100, random))))
    assert np.mean(found) == pytest.approx(0, abs=4 * np.std(found, ddof=1) / np.sqrt(200))
    assert np.std(found) > 0


def test_a_copycat_copies_as_much_as_there_is_to_copy():
    random = np.random.default_rng(0)
    train, test = split(continuous(100, random))
    assert copying(train[random.integers(67, size=500)], train, test) == pytest.approx(33 / 100)
    assert copying(train + 1e-9, train, test) == pytest.approx(33 / 100)
    assert copying(test, train, test) == pytest.approx(-67 / 100)


def test_a_place_that_both_have_counts_by_their_numbers():
    train, test = np.array([[0.0], [0.0], [5.0]]), np.array([[0.0], [9.0]])
    assert copying(np.array([[0.1]]), train, test) == pytest.approx(2 / 3 - 3 / 5)


def test_columns_count_alike_whatever_their_units():
    random = np.random.default_rng(0)
    train, test = split(continuous(100, random))
    rows = continuous(300, random)
    units = np.array([1024.0, 1.0])
    assert copying(rows, train, test) == copying(rows * units, train * units, test * units)


def test_constant_columns_and_far_rows_do_no_harm():
    train, test = np.array([[0.0, 7.0], [1.0, 7.0]]), np.array([[4.0, 7.0]])
    assert copying(np.array([[0.6, -3.0], [-1e300, 1e300]]), train, test) == pytest.approx(1 - 2 / 3)
