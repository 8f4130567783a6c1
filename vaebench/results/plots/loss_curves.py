"""Plot of the losses of a fit over epochs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vaebench.results.plots.style import GENERATED, TRAIN, new_figure, set_labels, whole_numbers
from vaebench.rows import Curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def loss_curves(curves: Mapping[str, Curve]) -> "Figure":
    """Plot loss curves named "training.NAME" and "validation.NAME", one panel per NAME."""
    first = ("total", "reconstruction", "kl")
    names = [name for name in first if f"training.{name}" in curves]
    names += sorted({name.partition(".")[2] for name in curves} - set(names))
    figure = new_figure(max(5.0, 3.9 * len(names)), 3.6)
    for index, name in enumerate(names):
        panel = figure.add_subplot(1, len(names), index + 1)
        values: list[float] = []
        for phase, colour, style in (("training", TRAIN, "-"), ("validation", GENERATED, "--")):
            if curve := curves.get(f"{phase}.{name}"):
                epochs, losses = zip(*curve, strict=True)
                panel.plot(epochs, losses, style, color=colour, linewidth=1.8, label=phase)
                values += losses
        if values and min(values) > 0 and max(values) > 20 * min(values):
            panel.set_yscale("log")
        whole_numbers(panel.xaxis)
        set_labels(panel, "epoch", "loss" if index == 0 else "", name)
        if index == 0:
            panel.legend(frameon=False, fontsize=9)
    return figure
