"""Plot of rows against their reconstructions, beside generated rows against true samples."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaebench.results.plots.generated_against_true import MOST_COLUMNS, quantiles
from vaebench.results.plots.style import GENERATED, TRAIN, TRUE, few_ticks, new_figure, set_labels, set_title
from vaebench.scoring.metrics.distances import ks_distance
from vaebench.scoring.metrics.one_column import filled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from vaebench.trial.plot_data import PlotData

DOTS = 2000
"""Rows in a panel. More would be a blot."""


def reconstructions(shown: "PlotData", title: str) -> "Figure":
    """Plot training and test rows against their reconstructions, and generated quantiles against true ones.

    One line of panels for each of up to 6 columns of numbers, in the data's own units, all three panels with the same
    axes; empty cells are left out. What lies on the diagonal is right. A title has the root mean square error in units
    of the column's spread, or the KS.
    """
    numbers = [index for index, names in enumerate(shown.levels or ((),) * len(shown.columns)) if not names]
    columns = numbers[:MOST_COLUMNS]
    figure = new_figure(10, 0.6 + 3.2 * max(len(columns), 1))
    panels = figure.subplots(len(columns), 3, squeeze=False) if columns else ()
    for line, index in zip(panels, columns, strict=True):
        column = shown.columns[index]
        for panel, kind, part in zip(line, ("training", "test"), (shown.train, shown.test), strict=False):
            rows, decoded = part.rows[:, index], part.reconstructions[:, index]
            panel.plot(rows[:DOTS], decoded[:DOTS], ".", color=TRAIN, alpha=0.7)
            title_of = f"{len(rows):,} {kind} rows: error {part.errors[index]:.1%} of spread"
            set_labels(panel, f"{column}, {kind}", "reconstruction", title_of)
        generated, true = filled(shown.generated[:, index]), filled(shown.draw.true[:, index])
        if not (len(generated) and len(true)):
            continue
        line[2].plot(*quantiles(generated, true), ".", color=GENERATED, markersize=4)
        set_labels(
            line[2],
            "true quantiles",
            "generated quantiles",
            f"{len(generated):,} generated: KS {ks_distance(generated, true):.3f}",
        )
        _same_axes(
            line,
            filled(np.concatenate([shown.draw.train[:, index], shown.draw.test[:, index], quantiles(true, true)[0]])),
        )
    left_out = f", first {MOST_COLUMNS} of {len(numbers)} columns" if len(numbers) > MOST_COLUMNS else ""
    left_out += " of numbers" * (len(numbers) < len(shown.columns))
    set_title(figure, title + left_out)
    return figure


def _same_axes(panels: NDArray[np.object_], data: NDArray[np.float64]) -> None:
    """Give panels the data's range on both axes, and their diagonal. Reconstructions far outside are not seen."""
    low, high = float(data.min()), float(data.max())
    margin = 0.1 * (high - low or abs(high) or 1.0)
    panel: Axes
    for panel in panels:
        panel.plot([low - margin, high + margin], [low - margin, high + margin], color=TRUE, linewidth=1.2, zorder=1)
        panel.set_xlim(low - margin, high + margin)
        panel.set_ylim(low - margin, high + margin)
        panel.set_box_aspect(1)
        few_ticks(panel)
