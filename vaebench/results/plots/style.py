"""The style that all plots share: colours, figures, panels and axes.

Figures are made without pyplot, so that nothing is shown, shared or left open. `savefig` draws them with Agg.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7A5195", "#6B4226")
"""Colour-blind readers can tell these apart; the first six are Okabe and Ito's."""
GENERATED, TRUE, TRAIN = COLOURS[1], "#8A9199", COLOURS[0]
INK, FAINT = "#2B2F33", "#D9DDE1"
FEW = 3
"""With fewer ticks, an axis cannot be read."""


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure; `width` and `height` are in inches."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it warns if it cannot keep its cache
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")


def set_title(figure: "Figure", text: str) -> None:
    """Set the title of the whole figure."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK, parse_math=False)


def set_labels(panel: "Axes", x: str, y: str, title: str) -> None:
    """Set the labels and title of a panel, and the style that all panels share. A $ in a name is a dollar."""
    panel.set_xlabel(x, color=INK, parse_math=False)
    panel.set_ylabel(y, color=INK, parse_math=False)
    panel.set_title(title, loc="left", fontsize=10, color=INK, parse_math=False)
    panel.grid(color=FAINT, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.tick_params(color=FAINT, labelcolor=INK, labelsize=9)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(FAINT)


def name_rows(panel: "Axes", names: Sequence[str], strong: Sequence[bool]) -> None:
    """Label the rows of a panel from the top down, grey unless `strong`. Call it after `set_labels`."""
    panel.set_yticks(range(len(names)), names, fontsize=9, parse_math=False)
    for label, ink in zip(panel.get_yticklabels(), strong, strict=True):
        label.set_color(INK if ink else TRUE)
    panel.set_ylim(max(len(names), 1) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", visible=False)


def plain_log(axis: Any) -> None:
    """Label a logarithmic axis with plain numbers: 1, 2 and 5 times powers of ten, or more where it has few of these.

    Call it once all is drawn, since it looks at the axis' range.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    low, high = axis.get_view_interval()
    powers = LogLocator(subs=(1.0, 2.0, 5.0))
    few = sum(low <= tick <= high for tick in powers.tick_values(low, high)) < FEW
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]) if few else powers)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def whole_numbers(axis: Any) -> None:
    """Label an axis of trials or epochs, of which there are no halves."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def few_ticks(panel: "Axes") -> None:
    """Label both axes of a small panel at four places at most, so that large numbers do not run into each other."""
    from matplotlib.ticker import MaxNLocator

    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(MaxNLocator(4))


def colours_of(names: Iterable[object]) -> dict[str, str]:
    """Return a colour per name: the same in every plot of the same names."""
    return dict(zip(sorted(set(map(str, names))), COLOURS * 20, strict=False))
