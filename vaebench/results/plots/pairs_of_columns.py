"""Scatter plots of pairs of columns: the relation between columns, which the score does not see."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from vaebench.results.plots.style import GENERATED, TRAIN, TRUE, new_figure, set_labels, set_title
from vaebench.rows import Kind, Rows
from vaebench.scoring.metrics.association import association
from vaebench.seeds import generator as random_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_COLUMNS = 4
"""Largest number of columns in the plot, each against each."""
DOTS = 500
"""Rows of each kind in a panel. More would be a blot."""


MOST_NAMES = 12
"""Largest number of levels that are named."""
JITTER = 0.3
"""How far dots of a category are spread, so that each is seen; codes are 1 apart."""


def pairs_of_columns(
    generated: Rows,
    true: Rows,
    train: Rows,
    columns: tuple[str, ...],
    title: str,
    levels: Sequence[Sequence[str]] = (),
) -> "Figure":
    """Plot each pair of the first 4 columns: rows of the data on the left, equally many generated rows on the right.

    Arrays have shape (rows, columns), with two or more columns, in the data's own units. A panel's title has the
    association over all rows, also those it does not show: of numbers Pearson's correlation. The codes of a category
    stand for its `levels`, empty for numbers.
    """
    levels = levels or ((),) * len(columns)
    kinds: tuple[Kind, ...] = tuple("category" if names else "number" for names in levels)
    pairs = list(combinations(range(min(len(columns), MOST_COLUMNS)), 2))
    figure = new_figure(10, 0.7 + 3.3 * len(pairs))
    panels = figure.subplots(len(pairs), 2, squeeze=False, sharex="row", sharey="row")
    data = np.concatenate([true, train])
    shown = min(len(true), DOTS) + min(len(train), DOTS)
    low, high = np.nanmin(data, axis=0), np.nanmax(data, axis=0)  # generated outliers would flatten the plot
    margin = 0.15 * np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
    for (left, right), (x, y) in zip(panels, pairs, strict=True):
        left.plot(*_dots(true[:DOTS], x, y, kinds), ".", color=TRUE, alpha=0.7, label="true")
        left.plot(*_dots(train[:DOTS], x, y, kinds), ".", color=TRAIN, alpha=0.7, label="training")
        right.plot(*_dots(generated[:shown], x, y, kinds), ".", color=GENERATED, alpha=0.7, label="generated")
        _name_levels(left, right, levels[x], levels[y])
        left.set_xlim(low[x] - margin[x], high[x] + margin[x])
        left.set_ylim(low[y] - margin[y], high[y] + margin[y])
        set_labels(left, columns[x], columns[y], f"data: {_associated(data, x, y, kinds)}")
        set_labels(right, columns[x], "", f"generated: {_associated(generated, x, y, kinds)}")
    handles = [line for panel in panels[0] for line in panel.lines]
    figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False, fontsize=9)
    left_out = f", first {MOST_COLUMNS} of {len(columns)} columns" if len(columns) > MOST_COLUMNS else ""
    set_title(figure, title + left_out)
    return figure


def _dots(rows: Rows, x: int, y: int, kinds: Sequence[Kind]) -> Rows:
    """Return the coordinates of dots, shape (2, rows), those of categories spread a little."""
    random = random_numbers("jitter", x, y)
    return np.stack(
        [
            rows[:, place] + (random.uniform(-JITTER, JITTER, len(rows)) if kinds[place] == "category" else 0.0)
            for place in (x, y)
        ]
    )


def _name_levels(left: "Axes", right: "Axes", of_x: Sequence[str], of_y: Sequence[str]) -> None:
    if 0 < len(of_x) <= MOST_NAMES:
        for panel in (left, right):
            panel.set_xticks(range(len(of_x)), of_x, parse_math=False)
    if 0 < len(of_y) <= MOST_NAMES:
        left.set_yticks(range(len(of_y)), of_y, parse_math=False)


def _associated(rows: Rows, x: int, y: int, kinds: Sequence[Kind]) -> str:
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant column has none
        if kinds[x] == kinds[y] == "number" and not np.isnan(rows[:, [x, y]]).any():
            return f"correlation {np.corrcoef(rows[:, x], rows[:, y])[0, 1]:.2f}"
    name = {2: "correlation", 1: "correlation ratio", 0: "Cramer's V"}[[kinds[x], kinds[y]].count("number")]
    return f"{name} {association(rows, x, y, kinds):.2f}"
