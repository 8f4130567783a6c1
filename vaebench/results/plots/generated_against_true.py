"""Plot of generated rows against true samples."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vaebench.results.plots.style import GENERATED, TRAIN, TRUE, few_ticks, new_figure, set_labels, set_title
from vaebench.rows import Rows
from vaebench.scoring.metrics.distances import ks_distance, total_variation
from vaebench.scoring.metrics.one_column import filled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_COLUMNS = 6
"""Largest number of columns in the plot."""
MOST_LEVELS = 12
"""Largest number of bars of a category; where it has more, the last is of all others."""


def generated_against_true(
    generated: Rows,
    true: Rows,
    train: Rows,
    columns: tuple[str, ...],
    title: str,
    levels: Sequence[Sequence[str]] = (),
) -> "Figure":
    """Plot generated rows against true samples: a histogram and a quantile-quantile plot for each of up to 6 columns.

    Arrays have shape (rows, columns), in the data's own units. Ticks below a histogram are the training rows. A
    category has a bar for each of its `levels`, which are names, empty for numbers.
    """
    shown, levels = columns[:MOST_COLUMNS], levels or ((),) * len(columns)
    figure = new_figure(10, 0.7 + 3.3 * len(shown))
    panels = figure.subplots(len(shown), 2, squeeze=False, width_ratios=[1.7, 1])
    for index, column in enumerate(shown):
        arrays = generated[:, index], true[:, index], train[:, index]
        if levels[index]:
            _bars(panels[index, 0], *arrays[:2], column, levels[index])
            panels[index, 1].set_axis_off()
            continue
        drawn, expected, seen = (filled(cells) for cells in arrays)
        _histogram(panels[index, 0], drawn, expected, seen, column, _gaps(*arrays[:2]))
        _quantiles(panels[index, 1], drawn, expected)
    numbers = [panel for panel, names in zip(panels[:, 0], levels, strict=False) if not names]
    handles = (numbers or panels[:, 0])[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper right", ncols=3, frameon=False, fontsize=9)
    left_out = f", first {MOST_COLUMNS} of {len(columns)} columns" if len(columns) > MOST_COLUMNS else ""
    set_title(figure, title + left_out)
    return figure


def _bars(
    panel: "Axes", generated: NDArray[np.float64], true: NDArray[np.float64], column: str, names: Sequence[str]
) -> None:
    counts = [np.bincount(filled(cells).astype(int), minlength=len(names)) for cells in (true, generated)]
    order = np.argsort(-counts[0], kind="stable")
    shown, others = order[:MOST_LEVELS], order[MOST_LEVELS:]
    labels = [names[place] for place in shown] + [f"{len(others)} others"] * bool(len(others))
    places = np.arange(len(labels))
    for cells, count, offset, colour, kind in zip(
        (true, generated), counts, (-0.2, 0.2), (TRUE, GENERATED), ("true", "generated"), strict=True
    ):
        shares = np.append(count[shown], [count[others].sum()] * bool(len(others))) / len(cells)
        panel.bar(places + offset, shares, 0.38, color=colour, label=f"{kind} ({len(cells):,})")
    panel.set_xticks(places, labels, rotation=30 if max(map(len, labels)) * len(labels) > 60 else 0, parse_math=False)
    panel.yaxis.set_major_formatter("{x:.0%}")
    set_labels(panel, column, "share", f"{column}: total variation {total_variation(generated, true):.4f}")


def _gaps(generated: NDArray[np.float64], true: NDArray[np.float64]) -> str:
    if not np.isnan(true).any():
        return ""
    return f"; empty {np.isnan(generated).mean():.1%}, true {np.isnan(true).mean():.1%}"


def _histogram(
    panel: "Axes",
    generated: NDArray[np.float64],
    true: NDArray[np.float64],
    train: NDArray[np.float64],
    column: str,
    gaps: str,
) -> None:
    if not (len(generated) and len(true)):
        set_labels(panel, column, "density", f"{column}: no values{gaps}")
        return
    low, high = _range(generated, true)
    bins = np.linspace(low, high, 71 if len(true) > 2000 else 31).tolist()
    width = bins[1] - bins[0]

    def share(values: NDArray[np.float64]) -> NDArray[np.float64]:  # of all values, also those beyond the range
        return np.full(len(values), 1 / (len(values) * width))

    panel.hist(true, bins, weights=share(true), color=TRUE, alpha=0.45, label=f"true ({len(true):,})")
    panel.hist(
        generated, bins, weights=share(generated), histtype="step", color=GENERATED, linewidth=1.8,
        label=f"generated ({len(generated):,})",
    )  # fmt: skip
    foot = panel.get_xaxis_transform()
    panel.plot(
        train,
        np.full(len(train), 0.02),
        "|",
        color=TRAIN,
        markersize=9,
        alpha=0.8,
        transform=foot,
        label=f"training ({len(train):,})",
    )
    panel.set_xlim(low, high)
    panel.set_yticks([])
    distance = ks_distance(generated, true)
    beyond = float(np.mean((generated < low) | (generated > high)))
    more = f", {beyond:.1%} beyond the axis" if beyond else ""
    set_labels(panel, column, "density", f"{column}: KS {distance:.4f}{more}{gaps}")


def _range(generated: NDArray[np.float64], true: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the axis: the true samples' range, and the generated tails' as far as that is wide again.

    Generated values farther away would flatten the plot.
    """
    low, high = np.quantile(true, [0.0005, 0.9995])
    margin = 0.15 * (high - low or abs(high) or 1.0)
    low, high = low - margin, high + margin
    near = generated[np.abs(generated - (low + high) / 2) < 1.5 * (high - low)]
    return float(near.min(initial=low)), float(near.max(initial=high))


def quantiles(generated: NDArray[np.float64], true: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return 250 quantiles of true and of generated values, shapes (250,): 0.2 % to 99.8 %."""
    levels = np.linspace(0.002, 0.998, 250)
    return np.quantile(true, levels), np.quantile(generated, levels)


def _quantiles(panel: "Axes", generated: NDArray[np.float64], true: NDArray[np.float64]) -> None:
    if not (len(generated) and len(true)):
        return
    expected, got = quantiles(generated, true)
    ends = [min(expected[0], got[0]), max(expected[-1], got[-1])]
    panel.plot(ends, ends, color=TRUE, linewidth=1.2)
    panel.plot(expected, got, ".", color=GENERATED, markersize=4)
    panel.set_aspect("equal", adjustable="datalim")
    few_ticks(panel)
    set_labels(panel, "true quantiles", "generated quantiles", "")
