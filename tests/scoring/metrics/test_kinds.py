"""Metrics of categories and of columns with empty cells: closed forms, plain references, properties."""

import numpy as np
import pytest
from scipy import stats

from vaebench.rows import Draw, Support
from vaebench.scoring.metrics.association import association_error, correlation_ratio, cramers_v
from vaebench.scoring.metrics.copula import copula_error, mixed_copula_error
from vaebench.scoring.metrics.copying import copying
from vaebench.scoring.metrics.distances import ks_distance, total_variation
from vaebench.scoring.metrics.joint import correlation_error
from vaebench.scoring.metrics.points import points
from vaebench.scoring.score import measure

EMPTY = np.nan
KINDS = ("number", "category")


class Columns:
    """As much of a data set as `measure` asks for."""

    available_rows = 100

    def __init__(self, *names):
        self.columns = names


def measured(generated, true, kinds, phase="search"):
    draw = Draw(true, true, true, true, Support(kinds=kinds))
    return measure(np.asarray(generated), draw, Columns(*"abcdef"[: len(kinds)]), phase)


def mixed(rows=3000, seed=0, gap=0.2):
    """Return a number, a number that goes along with it, a category that does, and one that says where gaps are."""
    random = np.random.default_rng(seed)
    x, where = random.normal(size=rows), random.integers(2, size=rows)
    y = np.where(random.random(rows) < gap * 2 * where, EMPTY, x + random.normal(size=rows))
    level = np.digitize(x + random.normal(size=rows), [-0.5, 0.5])
    return np.column_stack([x, y, level, where]).astype(float)


FOUR = ("number", "number", "category", "category")

# ---- one column


def test_the_distance_of_categories_is_that_of_their_shares_in_any_order():
    a, b = np.array([0.0, 0, 1, 2]), np.array([0.0, 1, 1, EMPTY])
    assert total_variation(a, b) == total_variation(b, a) == 0.5
    assert total_variation(a[::-1], a) == 0
    assert total_variation(np.array([0.0]), np.array([EMPTY])) == 1
    two = np.random.default_rng(0).integers(2, size=(2, 50)).astype(float)
    assert total_variation(*two) == pytest.approx(ks_distance(*two))


def test_an_empty_cell_is_an_atom_of_its_own():
    true = np.array([1.0, 2, 3, 4])[:, None]
    gaps = np.array([1.0, 2, 3, EMPTY])[:, None]
    assert measured([[1.0], [2], [3], [EMPTY]], gaps, ("number",))["ks"] == 0
    assert measured(true, gaps, ("number",))["ks"] == 0.25
    of_all = measured([[EMPTY], [1.0], [2], [EMPTY]], gaps, ("number",))
    assert (of_all["ks"], of_all["empty_error"]) == (0.25, 0.25)
    assert measured([[7.0], [8], [9], [EMPTY]], gaps, ("number",))["ks"] == 0.75, "all that is filled is elsewhere"


def test_the_largest_difference_is_over_all_values_and_the_gap():
    random = np.random.default_rng(1)
    for _ in range(20):
        a, b = (np.where(random.random(9) < 0.3, EMPTY, random.integers(5, size=9)) for _ in range(2))
        sets = [lambda x, t=t: np.mean(x <= t) for t in range(5)] + [lambda x: np.isnan(x).mean()]
        atoms = (np.where(np.isnan(x), np.inf, x) for x in (a, b))
        assert ks_distance(*atoms) == pytest.approx(max(abs(share(a) - share(b)) for share in sets))


def test_moments_are_of_filled_cells_and_of_numbers_alone():
    true = np.array([[1.0, 0], [3, 1], [EMPTY, 1], [5, EMPTY]])
    generated = np.array([[2.0, 0], [4, 1], [6, 1], [EMPTY, EMPTY]])
    found = measured(generated, true, KINDS)
    assert found["mean_error.a"] == 1
    assert found["std_error.a"] == 0
    assert found["mean_error"] == found["mean_error.a"] / 2, "in standard deviations, over the one column of numbers"
    assert found["ks"] == (found["ks.a"] + found["ks.b"]) / 2
    assert {name.partition(".")[0] for name in found if name.endswith(".b")} == {"ks", "empty_error"}


def test_categories_alone_have_no_moments():
    rows = np.random.default_rng(0).integers(3, size=(200, 2)).astype(float)
    found = measured(rows[::-1], rows, ("category", "category"), "confirm")
    assert found["ks"] == found["copula_error"] == found["association_error"] == 0
    assert not {"mean_error", "std_error", "std_ratio", "wasserstein", "correlation_error", "outside_range"} & {*found}
    assert {"mmd", "classifier", "density", "coverage", "copying"} <= {*found}


def test_gaps_where_there_are_none_and_no_number_at_all_are_refused():
    true = np.array([[1.0, 0], [3, 1], [4, 1]])
    with pytest.raises(ValueError, match="1 of 3 generated rows are not finite"):
        measured([[1.0, 0], [EMPTY, 1], [2, 0]], true, KINDS)
    with pytest.raises(ValueError, match="2 of 3 generated rows are not finite"):
        measured([[1.0, 0], [np.inf, 1], [-np.inf, 0]], np.where(true == 4, EMPTY, true), KINDS)
    true[1, 0] = EMPTY
    with pytest.raises(ValueError, match="1 of 3 generated cells are filled: at least two are needed in column 'a'"):
        measured([[1.0, 0], [EMPTY, 1], [EMPTY, 0]], true, KINDS)
    true[0, 0] = EMPTY
    with pytest.raises(ValueError, match="fewer than two true samples of each column of numbers have a number"):
        measured([[1.0, 0], [2, 1], [EMPTY, 0]], true, KINDS)


# ---- associations


def test_the_correlation_ratio_is_the_share_of_variance_between_levels():
    random = np.random.default_rng(0)
    level = random.integers(3, size=200_000)
    y = np.array([-1.0, 0, 2])[level] + 2 * random.normal(size=len(level))
    between = np.var([-1, 0, 2])
    assert correlation_ratio(level.astype(float), y) == pytest.approx(np.sqrt(between / (between + 4)), abs=0.005)
    assert correlation_ratio(np.array([0.0, 0, 1, 1]), np.array([1.0, 1, 3, 3])) == 1
    assert np.isnan(correlation_ratio(np.array([0.0, 1]), np.array([2.0, 2])))


def test_cramers_v_is_as_scipys_but_for_its_bias():
    random = np.random.default_rng(0)
    x, z = random.integers(4, size=(2, 100_000))
    y = np.where(random.random(len(x)) < 0.4, x, z)
    table = stats.contingency.crosstab(x, y).count
    assert cramers_v(x.astype(float), y.astype(float)) == pytest.approx(stats.contingency.association(table), abs=1e-3)
    assert cramers_v(x.astype(float), x.astype(float)) == pytest.approx(1)
    assert cramers_v(x.astype(float), np.zeros(len(x))) == 0


def test_both_are_freed_of_their_bias():
    random = np.random.default_rng(0)
    plain, corrected, ratios = [], [], []
    for _ in range(300):
        x, y = random.integers(5, size=(2, 33))
        plain.append(stats.contingency.association(stats.contingency.crosstab(x, y).count))
        corrected.append(cramers_v(x.astype(float), y.astype(float)))
        ratios.append(correlation_ratio(x.astype(float), random.normal(size=33)))
    assert np.mean(plain) > 0.3 > 2 * np.mean(corrected)
    assert np.mean(ratios) < 0.2, "0.35 uncorrected"


def test_of_numbers_it_is_the_correlation_error():
    a, b = np.random.default_rng(0).normal(size=(2, 300, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0.3], [0, 0, 1]])
    kinds = ("number",) * 3
    assert association_error(a, b, kinds) == pytest.approx(correlation_error(a, b))
    assert association_error(a * [1, 1, 0], b, kinds) == pytest.approx(correlation_error(a * [1, 1, 0], b))


def test_only_rows_with_both_cells_count():
    rows, other = mixed(seed=0), mixed(seed=1)
    pair = [0, 1]
    complete = [of[~np.isnan(of).any(axis=1)][:, pair] for of in (rows, other)]
    assert association_error(rows[:, pair], other[:, pair], FOUR[:2]) == pytest.approx(correlation_error(*complete))


# ---- the copula


def test_of_numbers_it_is_the_distance_of_copulas():
    a, b = np.random.default_rng(0).normal(size=(2, 4096, 3)) @ np.array([[1, 0.9, 0], [0, 1, 0.3], [0, 0, 1]])
    assert mixed_copula_error(a, b, ("number",) * 3) == pytest.approx(copula_error(a, b))


def test_two_binary_categories_have_the_difference_of_their_covariances():
    a = np.array([[0, 0], [1, 1]] * 4, dtype=float)
    b = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 2, dtype=float)
    kinds = ("category", "category")
    assert mixed_copula_error(a, b, kinds) == pytest.approx(0.25), "P(1, 1) is 1/2 and 1/4, and the product is 1/4"
    assert mixed_copula_error(1 - a, b, kinds) == pytest.approx(0.25)


def test_it_sees_every_relation_and_no_margin():
    rows, fresh = mixed(seed=0), mixed(seed=1)
    floor = mixed_copula_error(fresh, rows, FOUR)
    random = np.random.default_rng(2)
    for broken in ([0], [1], [2], [3]):
        shuffled = fresh.copy()
        shuffled[:, broken] = random.permutation(fresh[:, broken])
        assert mixed_copula_error(shuffled, rows, FOUR) > 3 * floor, f"column {broken} alone"
    elsewhere = fresh * [10, 0.1, 1, 1] + [5, 1, 0, 0]
    assert mixed_copula_error(elsewhere, rows, FOUR) == pytest.approx(floor)
    renamed = np.column_stack([fresh[:, :2], (fresh[:, 2] + 1) % 3, fresh[:, 3]])
    again = np.column_stack([rows[:, :2], (rows[:, 2] + 1) % 3, rows[:, 3]])
    assert mixed_copula_error(renamed, again, FOUR) == pytest.approx(floor), "levels have no order"


# ---- rows as points


def test_a_mismatch_is_one_standard_deviation():
    rows = np.array([[0.0, 0], [4, 0], [0, 1], [EMPTY, 1], [EMPTY, EMPTY]])
    (at,) = points((rows,), rows[:2], np.array([4.0, 1.0]), KINDS)
    distance = np.linalg.norm(at[:, None] - at[None], axis=-1)
    assert distance[0] == pytest.approx([0, 1, 1, np.sqrt(0.25 + 1 + 1), np.sqrt(0.25 + 1 + 1)])
    assert distance[3, 4] == pytest.approx(1)


def test_copies_and_fresh_rows_of_mixed_kinds_are_told_apart():
    rows = mixed(900)
    train, test, fresh = np.split(rows, 3)
    assert copying(train, train, test, FOUR) == pytest.approx(0.5, abs=0.02)
    assert copying(fresh, train, test, FOUR) == pytest.approx(0, abs=4 * 0.5 / np.sqrt(300))


def test_what_loses_a_relation_of_any_kind_is_seen_by_all():
    rows, fresh = mixed(2000, 0), mixed(2000, 1)
    random = np.random.default_rng(0)
    shuffled = np.column_stack([random.permutation(column) for column in fresh.T])
    right, wrong = (measured(generated, rows, FOUR, "confirm") for generated in (fresh, shuffled))
    assert wrong["ks"] == right["ks"]
    for name in ("association_error", "copula_error", "mmd"):
        assert wrong[name] > 5 * abs(right[name]), name
    assert wrong["classifier"] > 0.7 > 0.55 > right["classifier"]
    assert right["density"] == pytest.approx(1, abs=0.1)
    assert right["coverage"] > 0.94 > wrong["coverage"]
    assert abs(right["copying"]) < 0.05
