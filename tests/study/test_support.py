"""The support of columns: what is declared, what training rows show, and how rows are kept within."""

import numpy as np
import pytest

from vaebench.errors import InputError
from vaebench.rows import Support
from vaebench.study.support import ColumnSupport, kept_within, supports

INF = np.inf


def test_a_row_outside_its_bounds_is_an_error():
    with pytest.raises(InputError, match="column 2 has -1 in a training row, outside its bounds"):
        supports(Support(((-INF, INF), (0.0, INF))), np.array([[0.0, 1.0], [0.0, -1.0]]))


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([0.1, 1.0, 4.0], ColumnSupport(low=0.0)),
        ([0.5, 1.0, 4.0], ColumnSupport(low=0.0)),
        ([0.6, 1.0, 4.0], ColumnSupport()),
        ([0.0, 0.0, 4.5], ColumnSupport(low=0.0)),
        ([-0.1, 1.0, 4.0], ColumnSupport()),
        ([-0.1, -1.0, -4.0], ColumnSupport(high=0.0)),
        ([1.0, 2.0, 4.0], ColumnSupport(low=0.0, whole=True)),
        ([1.0, 2.0, 3.0, 3.0], ColumnSupport(1.0, 3.0, whole=True)),
        ([-3.0, 5.0, 40.0], ColumnSupport(whole=True)),
        ([7.0, 7.0], ColumnSupport()),
        ([-0.5, 0.25] * 5, ColumnSupport(-0.5, 0.25, values=(-0.5, 0.25))),
        ([-0.5] * 9 + [0.25] * 4, ColumnSupport()),
        ([10.0, 20.0, 40.0] * 5, ColumnSupport(10.0, 40.0, values=(10.0, 20.0, 40.0))),
        ([0.0, 1.0] * 5, ColumnSupport(0.0, 1.0, whole=True)),
    ],
)
def test_what_is_learned_is_an_end_at_zero_ranges_of_whole_numbers_and_few_values(x, expected):
    train = np.array(x)[:, None]
    assert supports(Support(learned=True), train) == (expected,)
    assert supports(Support(), train) == (ColumnSupport(),)


def test_a_declared_bound_holds_beside_a_learned_one():
    declared = Support(((-5.0, 2.5),), learned=True)
    assert supports(declared, np.array([[1.0], [2.0]])) == (ColumnSupport(1.0, 2.0, whole=True),)
    assert supports(declared, np.array([[0.1], [2.2], [1.0]])) == (ColumnSupport(0.0, 2.5),)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, INF, [1e9, 7.25, 0.5, 0.0, 0.1, 0.3, 3.5]),
        (-INF, 0.3, [-1e9, -7.25, -0.5, 0.0, 0.1, 0.3, -2.9]),
        (0.1, 0.3, [0.2, 0.25, 0.3, 0.2, 0.1, 0.3, 0.3]),
    ],
)
def test_what_is_beyond_an_end_is_reflected_and_what_is_between_left_alone(low, high, expected):
    rows = np.array([-1e9, -7.25, -0.5, 0.0, 0.1, 0.3, 3.5])[:, None]
    kept = kept_within([ColumnSupport(low, high)]).take(rows.copy(), np.random.default_rng(0))
    inside = (rows >= low) & (rows <= high)
    np.testing.assert_array_equal(kept[inside], rows[inside])
    np.testing.assert_allclose(kept[:, 0], expected, atol=1e-6)
