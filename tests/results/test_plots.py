"""Every plot of results/plots; searched_and_confirmed is in the report: test_report.py."""

import dataclasses
import io
import itertools
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hand_made import baseline, floor, record, results, trial
from matplotlib.figure import Figure

from vaebench.results.leaderboard import leaderboard
from vaebench.results.plots.generated_against_true import generated_against_true
from vaebench.results.plots.leaderboard import leaderboard_picture
from vaebench.results.plots.loss_curves import loss_curves
from vaebench.results.plots.pairs_of_columns import pairs_of_columns
from vaebench.results.plots.reconstructions import reconstructions
from vaebench.results.plots.search_history import search_history
from vaebench.results.standings import standings
from vaebench.rows import Draw
from vaebench.scoring.metrics.distances import ks_distance
from vaebench.scoring.metrics.one_column import spreads
from vaebench.study.records import Result
from vaebench.trial.plot_data import PlotData, Reconstructed


def drawn(figure: Figure) -> bytes:
    """Return the picture as PNG; warnings, such as text that does not fit, are errors."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


@pytest.fixture
def study():
    random = np.random.default_rng(0)
    trials = [
        trial(
            number,
            random.gamma(2, size=3),
            random.gamma(2, size=8) if number < 3 else (),
            variant=("ae", "vae")[number % 2],
        )
        for number in range(9)
    ]
    baselines = [baseline("gaussian", [1.0] * 3, [1.1] * 8), floor([0.1] * 3, [0.1] * 8)]
    return record(*trials, trial(9, [1.0, None, 1.0]), baselines=baselines)


def test_generated_against_true_says_the_ks():
    random = np.random.default_rng(0)
    generated, true, train = (random.normal(size=(n, 1)) for n in (3000, 2500, 67))
    figure = generated_against_true(generated, true, train, ("x",), "trial 3")
    histogram, quantiles = figure.axes
    assert histogram.get_title(loc="left") == f"x: KS {ks_distance(generated[:, 0], true[:, 0]):.4f}"
    dots = quantiles.lines[1].get_xydata()
    assert np.abs(dots[:, 0] - dots[:, 1]).max() < 0.5, "equal distributions lie on the diagonal"
    assert np.all(np.diff(dots, axis=0) >= 0)
    assert drawn(figure).startswith(b"\x89PNG")


def shown_as(rows, reconstructions, generated):
    """Return plot data of a network that returns `reconstructions`; nothing is fitted."""
    part = Reconstructed(rows, reconstructions, spreads(Draw(rows, rows, rows, rows)))
    names = tuple(f"c{index}" for index in range(rows.shape[1]))
    fitted = SimpleNamespace(draw=Draw(rows, rows, rows, rows))
    return PlotData(names, generated, part, part, fitted, Result())


def test_reconstructions_stand_beside_what_is_generated_on_the_same_axes():
    rows = np.random.default_rng(0).normal(100, 10, size=(500, 1))
    figure = reconstructions(shown_as(rows, rows + 0.1 * rows.std(), np.full((300, 1), 100.0)), "trial 3")
    titles = [panel.get_title(loc="left") for panel in figure.axes]
    ks = ks_distance(np.full(300, 100.0), rows[:, 0])
    assert titles == [
        "500 training rows: error 10.0% of spread",
        "500 test rows: error 10.0% of spread",
        f"300 generated: KS {ks:.3f}",
    ]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), np.hstack([rows, rows + 0.1 * rows.std()]))
    assert set(figure.axes[2].lines[0].get_ydata()) == {100.0}
    assert len({(panel.get_xlim(), panel.get_ylim()) for panel in figure.axes}) == 1
    assert drawn(figure)


def test_reconstructions_of_wild_networks_and_many_columns_are_drawn():
    rows = np.random.default_rng(0).normal(size=(50, 8))
    figure = reconstructions(shown_as(rows, 1e30 * rows, 1e30 * rows), "$t$")
    assert len(figure.axes) == 3 * 6
    assert "first 6 of 8 columns" in figure.get_suptitle()
    assert max(panel.get_ylim()[1] for panel in figure.axes) < 10, "the data set the range"
    assert drawn(figure)
    assert drawn(reconstructions(shown_as(np.full((9, 1), 3.0), np.full((9, 1), 3.0), rows[:, :1]), "constant"))


def test_columns_that_lost_their_relation_are_seen():
    random = np.random.default_rng(0)
    x = random.normal(size=(3000, 1))
    related = np.hstack([x, -x + 1e-3 * random.normal(size=(3000, 1))])
    figure = pairs_of_columns(random.normal(size=(9000, 2)), related[:2000], related[2000:2067], ("a", "b"), "trial 3")
    data, generated = figure.axes
    assert data.get_title(loc="left") == "data: correlation -1.00"
    what, correlation = generated.get_title(loc="left").rsplit(maxsplit=1)
    assert what == "generated: correlation"
    assert abs(float(correlation)) < 0.05  # four standard errors, for 9,000 rows, and what rounding adds
    counts = [len(line.get_xydata()) for panel in (data, generated) for line in panel.lines]
    assert counts == [500, 67, 567], "as many generated rows as rows of the data"
    assert data.get_xlim() == generated.get_xlim()
    assert (data.get_xlabel(), data.get_ylabel()) == ("a", "b")
    assert drawn(figure)


@pytest.mark.parametrize(("columns", "pairs"), [(3, 3), (4, 6), (9, 6)])
def test_four_columns_at_most_are_paired(columns, pairs):
    rows = np.random.default_rng(0).normal(size=(50, columns))
    figure = pairs_of_columns(rows, rows, rows, tuple(f"c{index}" for index in range(columns)), "t")
    assert len(figure.axes) == 2 * pairs
    assert ("first 4 of 9 columns" in figure.get_suptitle()) is (columns == 9)


def test_a_column_that_came_out_constant_has_no_correlation():
    rows = np.random.default_rng(0).normal(size=(50, 2))
    figure = pairs_of_columns(np.ones((50, 2)), rows, rows, ("a", "b"), "t")
    assert figure.axes[1].get_title(loc="left") == "generated: correlation nan"
    assert drawn(figure)


def test_a_dollar_in_a_name_is_a_dollar():
    rows = np.random.default_rng(0).normal(size=(50, 2))
    figure = generated_against_true(rows, rows, rows, ("$%$", "US$ to A$"), "costs $")
    assert drawn(figure)
    assert figure.axes[2].get_xlabel() == "US$ to A$"
    assert not figure.axes[2].xaxis.label.get_parse_math()
    assert drawn(leaderboard_picture(leaderboard(standings(record(trial(0, [1.0], variant="$%$"))))))


@pytest.mark.parametrize("columns", [3, 8])
def test_generated_against_true_shows_six_columns_at_most(columns):
    rows = np.random.default_rng(0).normal(size=(50, columns))
    names = tuple(f"c{index}" for index in range(columns))
    figure = generated_against_true(rows, rows, rows, names, "trial 3")
    assert len(figure.axes) == 2 * min(columns, 6)
    assert ("first 6 of 8 columns" in figure.get_suptitle()) is (columns == 8)
    assert drawn(figure)


def test_generated_rows_beyond_the_true_range_are_counted_and_drawn_nowhere():
    true = np.random.default_rng(0).normal(size=(4000, 1))
    generated = np.vstack([true[:3000], np.full((1000, 1), 99.0)])
    panel = generated_against_true(generated, true, true[:5], ("x",), "t").axes[0]
    assert panel.get_title(loc="left").endswith(", 25.0% beyond the axis")
    heights = panel.patches[-1].get_xy()[:, 1]
    edges = panel.patches[-1].get_xy()[:, 0]
    area = np.trapezoid(heights, edges) if hasattr(np, "trapezoid") else np.trapz(heights, edges)
    assert abs(area) == pytest.approx(0.75, abs=0.01)


def test_a_generated_tail_is_shown_where_it_can_be_and_counted_where_not():
    """A normal fitted to incomes has negative ones; a few values far away do not set the axis."""
    random = np.random.default_rng(0)
    true = random.lognormal(10, 0.7, size=(41, 1))
    generated = random.normal(true.mean(), true.std(), size=(5000, 1))
    panel = generated_against_true(generated, true, true[:5], ("income",), "t").axes[0]
    assert panel.get_xlim()[0] == pytest.approx(generated.min())
    assert "beyond" not in panel.get_title(loc="left")
    generated[:10] = -1e9
    panel = generated_against_true(generated, true, true[:5], ("income",), "t").axes[0]
    assert panel.get_xlim()[0] > -1e6
    assert panel.get_title(loc="left").endswith(", 0.2% beyond the axis")


def test_generated_against_true_survives_collapse_and_outliers():
    true = np.random.default_rng(0).normal(size=(500, 1))
    for generated in (np.zeros((100, 1)), np.vstack([true, [[1e12]]])):
        figure = generated_against_true(generated, true, true[:5], ("x",), "t")
        assert figure.axes[0].get_xlim()[1] < 10, "the true samples set the range"
        assert drawn(figure)
    rare = np.array([[0.0]] * 9999 + [[1.0]])
    assert drawn(generated_against_true(rare, rare, rare[:9], ("x",), "t"))


def test_loss_curves_have_a_panel_for_each_loss():
    curves = {
        f"{phase}.{name}": tuple((epoch, 100.0 / epoch) for epoch in (1, 50, 100))
        for phase in ("training", "validation")
        for name in ("kl", "penalty", "reconstruction", "total")
    }
    figure = loss_curves(curves)
    assert [panel.get_title(loc="left") for panel in figure.axes] == ["total", "reconstruction", "kl", "penalty"]
    for panel in figure.axes:
        assert panel.get_yscale() == "log"
        assert [line.get_xydata().tolist() for line in panel.lines] == [[[1, 100], [50, 2], [100, 1]]] * 2
    assert drawn(figure)


def test_loss_curves_may_be_negative_one_sided_or_missing():
    figure = loss_curves({"training.total": ((1, 2.0), (2, -1.0))})
    assert figure.axes[0].get_yscale() == "linear"
    assert drawn(figure)
    assert drawn(loss_curves({}))


def test_search_history_shows_scores_and_the_best_so_far(study):
    panel = search_history(standings(study)).axes[0]
    scores = [np.mean([result.metrics["ks"] for result in searched.results]) / 0.05 for searched in study.trials[:9]]
    points = np.vstack([np.asarray(group.get_offsets()) for group in panel.collections])
    assert points[points[:, 0].argsort()] == pytest.approx(np.array(list(enumerate(scores))))
    lines = {line.get_label(): line for line in panel.lines}
    assert lines["best so far"].get_xdata() == pytest.approx([*range(9), 8])
    assert lines["best so far"].get_ydata() == pytest.approx(np.minimum.accumulate([*scores, scores[-1]]))
    assert lines["attainable"].get_ydata() == [1, 1]
    assert lines["noise floor"].get_ydata() == pytest.approx([0.1, 0.1])
    assert list(lines["failed (1)"].get_xdata()) == [9]
    assert [group.get_label() for group in panel.collections] == ["ae", "vae"]


def test_search_history_shows_pruned_trials_hollow_and_none_of_them_as_the_best(study):
    lucky = dataclasses.replace(study.trials[8], pruned="plainly worse than trial 0", results=results([0.01]))
    record = dataclasses.replace(study, trials=(*study.trials[:8], lucky, *study.trials[9:]))
    panel = search_history(standings(record)).axes[0]
    (hollow,) = [group for group in panel.collections if len(group.get_offsets()) and not len(group.get_facecolors())]
    assert np.asarray(hollow.get_offsets()) == pytest.approx(np.array([[8, 0.01]]))
    assert "pruned (1)" in [group.get_label() for group in panel.collections]
    (best,) = [line for line in panel.lines if line.get_label() == "best so far"]
    scores = [np.mean([result.metrics["ks"] for result in searched.results]) / 0.05 for searched in study.trials[:8]]
    assert min(best.get_ydata()) == pytest.approx(min(scores))
    assert max(best.get_xdata()) == 8


def labelled(axis) -> list[float]:
    """Return the values at which an axis has a label in its range."""
    low, high = axis.get_view_interval()
    return [value for value in axis.get_majorticklocs() if low <= value <= high]


@pytest.mark.parametrize("trials", [1, 3, 200])
@pytest.mark.parametrize(("low", "high"), [(1.2, 1.8), (1.0, 1.0), (0.01, 3000.0)])
def test_axes_have_enough_labels_and_trials_are_whole_numbers(trials, low, high):
    scores = np.geomspace(low, high, trials).tolist()
    numbered = [trial(number, [score], [score], variant="ae") for number, score in enumerate(scores)]
    rows = standings(record(*numbered, baselines=[baseline("gaussian", [1.0], [1.0])]))
    history, board = search_history(rows).axes[0], leaderboard_picture(leaderboard(rows)).axes[0]
    assert all(value == int(value) for value in labelled(history.xaxis))
    assert all(2 <= len(labelled(axis)) <= 25 for axis in (history.yaxis, board.xaxis))
    assert len(labelled(history.yaxis)) >= 3 or low == high


def test_epochs_are_whole_numbers():
    panel = loss_curves({"training.total": ((1, 2.0), (2, 1.0))}).axes[0]
    assert labelled(panel.xaxis) == [1, 2]


def test_large_numbers_do_not_run_into_each_other():
    random = np.random.default_rng(0)
    incomes = [random.uniform(50_000, 250_000, size=(n, 1)) for n in (3000, 2500, 67)]
    figure = generated_against_true(*incomes, ("income",), "trial 3")
    drawn(figure)
    for panel in figure.axes:
        boxes = [label.get_window_extent() for label in panel.get_xticklabels() if label.get_text()]
        assert len(boxes) >= 2
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_leaderboard_picture_shows_top_trials_and_baselines(study):
    frame = leaderboard(standings(study))
    panel = leaderboard_picture(frame, top=4).axes[0]
    labels = [label.get_text() for label in panel.get_yticklabels()]
    assert sorted(label.partition(".")[0] for label in labels if label[0].isdigit()) == ["1", "2", "3", "4"]
    assert {"gaussian (baseline)", "noise floor"} < set(labels)
    places = [float(line.get_xdata()[0]) for line in panel.lines if line.get_marker() in ("o", "D")]
    shown = frame[~(frame["rank"] > 4).fillna(False) & (frame["status"] != "failed")]
    assert places == pytest.approx(shown["score"].tolist())


def test_pictures_of_empty_and_tiny_studies():
    for study in (record(), record(trial(0, [None])), record(trial(0, [1.0]))):
        assert drawn(search_history(standings(study)))
        assert drawn(leaderboard_picture(leaderboard(standings(study))))


def test_light_modules_import_neither_matplotlib_nor_tensorflow():
    code = (
        "import sys, vaebench.results.export, vaebench.results.plots, vaebench.results.leaderboard\n"
        "import vaebench.scoring.attainable\n"
        "heavy = {'matplotlib', 'tensorflow', 'mlflow', 'optuna', 'sklearn', 'pandas', 'scipy', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_category_has_a_bar_for_each_level_and_empty_cells_are_said():
    true = np.array([[0.0, 1.0], [0.0, 2.0], [1.0, np.nan], [2.0, 4.0]])
    generated = np.array([[0.0, 1.5], [1.0, np.nan], [1.0, np.nan], [1.0, 3.5]])
    names = (("Oslo", "Bergen", "$%$"), ())
    figure = generated_against_true(generated, true, true, ("city", "age"), "trial 3", names)
    bars, _, numbers, _ = figure.axes
    assert [bar.get_height() for bar in bars.patches] == [0.5, 0.25, 0.25, 0.25, 0.75, 0.0]
    assert [label.get_text() for label in bars.get_xticklabels()] == ["Oslo", "Bergen", "$%$"]
    assert bars.get_title(loc="left") == "city: total variation 0.5000"
    assert numbers.get_title(loc="left").endswith("; empty 50.0%, true 25.0%")
    assert drawn(figure)


def test_of_many_levels_the_last_bar_is_of_all_others():
    codes = np.repeat(np.arange(20.0), np.arange(20, 0, -1))[:, None]
    panel = generated_against_true(codes, codes, codes, ("x",), "t", (tuple(map(str, range(20))),)).axes[0]
    assert panel.get_xticklabels()[-1].get_text() == "8 others"
    assert sum(bar.get_height() for bar in panel.patches) == pytest.approx(2)  # true and generated


def test_pairs_of_a_category_have_a_correlation_ratio():
    random = np.random.default_rng(0)
    groups = random.integers(0, 2, 400).astype(float)
    rows = np.stack([groups, 3 * groups + random.normal(size=400)], axis=1)
    rows[:5, 1] = np.nan
    figure = pairs_of_columns(rows, rows, rows, ("city", "age"), "t", (("a", "b"), ()))
    left = figure.axes[0].get_title(loc="left")
    assert left.startswith("data: correlation ratio 0.8")
    assert drawn(figure)
