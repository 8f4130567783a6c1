"""Scatter plots of pairs of columns: the relation between columns, which the score does not see."""

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from vaebench.results.plots.style import GENERATED, TRAIN, TRUE, new_figure, set_labels, set_title
from vaebench.rows import Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 4
"""Largest number of columns in the plot, each against each."""
DOTS = 500
"""Rows of each kind in a panel. More would be a blot."""


def pairs_of_columns(generated: Rows, true: Rows, train: Rows, columns: tuple[str, ...], title: str) -> "Figure":
    """Plot each pair of the first 4 columns: rows of the data on the left, equally many generated rows on the right.

    Arrays have shape (rows, columns), with two or more columns, in the data's own units. A panel's title has Pearson's
    correlation over all rows, also those it does not show.
    """
    pairs = list(combinations(range(min(len(columns), MOST_COLUMNS)), 2))
    figure = new_figure(10, 0.7 + 3.3 * len(pairs))
    panels = figure.subplots(len(pairs), 2, squeeze=False, sharex="row", sharey="row")
    data = np.concatenate([true, train])
    shown = min(len(true), DOTS) + min(len(train), DOTS)
    low, high = data.min(axis=0), data.max(axis=0)  # generated outliers would flatten the plot
    margin = 0.15 * np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
    for (left, right), (x, y) in zip(panels, pairs, strict=True):
        left.plot(*true[:DOTS, [x, y]].T, ".", color=TRUE, alpha=0.7, label="true")
        left.plot(*train[:DOTS, [x, y]].T, ".", color=TRAIN, alpha=0.7, label="training")
        right.plot(*generated[:shown, [x, y]].T, ".", color=GENERATED, alpha=0.7, label="generated")
        left.set_xlim(low[x] - margin[x], high[x] + margin[x])
        left.set_ylim(low[y] - margin[y], high[y] + margin[y])
        set_labels(left, columns[x], columns[y], f"data: correlation {_correlation(data, x, y)}")
        set_labels(right, columns[x], "", f"generated: correlation {_correlation(generated, x, y)}")
    handles = [line for panel in panels[0] for line in panel.lines]
    figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False, fontsize=9)
    left_out = f", first {MOST_COLUMNS} of {len(columns)} columns" if len(columns) > MOST_COLUMNS else ""
    set_title(figure, title + left_out)
    return figure


def _correlation(rows: Rows, x: int, y: int) -> str:
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant column has none
        return f"{np.corrcoef(rows[:, x], rows[:, y])[0, 1]:.2f}"
