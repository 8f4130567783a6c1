"""Pictures: matplotlib figures of a trial, a search and a leaderboard.

Figures are made without pyplot, so that nothing is shown, shared or left open; `savefig` draws them with Agg.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaebench.metrics.distances import ks_distance
from vaebench.ranking import standings
from vaebench.records import Curve, Rows, StudyRecord
from vaebench.scoring import mean_score

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_COLUMNS = 6
"""How many columns of the data one picture shows."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7A5195", "#6B4226")
"""Told apart by colour-blind readers too; the first six are Okabe and Ito's."""
GENERATED, TRUE, TRAIN = COLOURS[1], "#8A9199", COLOURS[0]
INK, FAINT = "#2B2F33", "#D9DDE1"


def generated_against_true(generated: Rows, true: Rows, train: Rows, columns: tuple[str, ...], title: str) -> "Figure":
    """Show generated rows against true samples: histograms and a quantile-quantile plot for each column, 6 at most.

    Arrays have shape (rows, columns), in the data's own units. Ticks under a histogram are the training rows.
    """
    shown = columns[:MOST_COLUMNS]
    figure = _figure(10, 0.7 + 3.3 * len(shown))
    panels = figure.subplots(len(shown), 2, squeeze=False, width_ratios=[1.7, 1])
    for index, column in enumerate(shown):
        arrays = generated[:, index], true[:, index], train[:, index]
        _histogram(panels[index, 0], *arrays, column)
        _quantiles(panels[index, 1], *arrays[:2])
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=3, frameon=False, fontsize=9
    )
    left_out = f", first {MOST_COLUMNS} of {len(columns)} columns" if len(columns) > MOST_COLUMNS else ""
    _title(figure, title + left_out)
    return figure


def loss_curves(curves: Mapping[str, Curve]) -> "Figure":
    """Show loss curves named "training.NAME" and "validation.NAME": a panel for each NAME."""
    first = ("total", "reconstruction", "kl")
    names = [name for name in first if f"training.{name}" in curves]
    names += sorted({name.partition(".")[2] for name in curves} - set(names))
    figure = _figure(max(5.0, 3.9 * len(names)), 3.6)
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
        _label(panel, "epoch", "loss" if index == 0 else "", name)
        if index == 0:
            panel.legend(frameon=False, fontsize=9)
    return figure


def search_history(record: StudyRecord) -> "Figure":
    """Show every trial's score over the search replicates, by variant, and the best so far.

    Lines: attainable (1.0) and the noise floor. Pruned trials are hollow, at their score on fewer replicates; failed
    ones are crosses at the foot.
    """
    figure = _figure(10, 4.6)
    panel = figure.add_subplot()
    scores = {
        trial.number: mean_score(trial.results, record.attainable)
        for trial in record.trials
        if trial.results and not trial.reason
    }
    pruned = {trial.number for trial in record.trials if trial.pruned}
    variants = {trial.number: str(trial.params.get("variant")) for trial in record.trials}
    for colour, variant in zip(_cycle(), sorted(set(variants.values())), strict=False):
        for kind, face in ((scores.keys() - pruned, colour), (scores.keys() & pruned, "none")):
            numbers = sorted(number for number in kind if variants[number] == variant)
            values = [scores[number] for number in numbers]
            name = variant if face == colour else None
            if not numbers:
                continue
            panel.scatter(numbers, values, s=26, facecolors=face, edgecolors=colour, alpha=0.75, label=name, zorder=3)
    if pruned:
        panel.scatter([], [], s=26, facecolors="none", edgecolors=INK, label=f"pruned ({len(pruned)})")
    whole = sorted(scores.keys() - pruned)
    if whole:
        numbers = [*whole, max(scores)]
        best = np.minimum.accumulate([scores[number] for number in [*whole, whole[-1]]])
        panel.step(numbers, best, where="post", color=INK, linewidth=1.6, label="best so far", zorder=4)
    failed = [trial.number for trial in record.trials if trial.number not in scores]
    if failed:
        foot = panel.get_xaxis_transform()
        panel.plot(
            failed, [0.025] * len(failed), "x", color=INK, markersize=5, transform=foot, label=f"failed ({len(failed)})"
        )
    panel.axhline(1, color=COLOURS[2], linewidth=1.2, linestyle="--", label="attainable", zorder=2)
    floor = next((row for row in standings(record) if row.kind == "floor" and row.search and not row.failure), None)
    if floor:
        value = mean_score(floor.search, record.attainable)
        panel.axhline(value, color=TRUE, linewidth=1.2, linestyle=":", label="noise floor", zorder=2)
    panel.set_yscale("log")
    panel.margins(y=0.1)
    _plain_log(panel.yaxis)
    _label(panel, "trial", "score (lower is better)", "")
    panel.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    _title(figure, f"{record.name}: search")
    return figure


def leaderboard_picture(frame: "pd.DataFrame", top: int = 20) -> "Figure":
    """Show a leaderboard's `top` trials with the 95 % intervals of their scores; baselines and floor for reference."""
    scored = frame[frame["status"] != "failed"]
    rows = scored[~(scored["rank"] > top).fillna(False)].to_dict(orient="records")
    figure = _figure(9, 1.5 + 0.32 * max(len(rows), 1))
    panel = figure.add_subplot()
    variants = sorted({str(row["variant"]) for row in rows if row["kind"] == "trial"})
    colours = dict(zip(variants, _cycle(), strict=False))
    for place, row in enumerate(rows):
        trial = row["kind"] == "trial"
        colour = colours[row["variant"]] if trial else TRUE
        panel.plot([row["score_low"], row["score_high"]], [place, place], color=colour, linewidth=2, alpha=0.55)
        filled = colour if row["status"] == "confirmed" or not trial else "white"
        panel.plot(
            row["score"],
            place,
            "o" if trial else "D",
            color=colour,
            markerfacecolor=filled,
            markersize=7 if trial else 5,
        )
    panel.axvline(1, color=COLOURS[2], linewidth=1.2, linestyle="--", zorder=1)
    above = panel.get_xaxis_transform()
    panel.text(1, 1.005, "attainable", color=COLOURS[2], fontsize=9, ha="center", va="bottom", transform=above)
    panel.set_yticks(range(len(rows)), [_name(row) for row in rows], fontsize=9)
    for label, row in zip(panel.get_yticklabels(), rows, strict=True):
        label.set_color(INK if row["kind"] == "trial" else TRUE)
    confirmed = sum(row["status"] == "confirmed" for row in rows)
    if 0 < confirmed < len(rows):
        panel.axhline(confirmed - 0.5, color=INK, linewidth=0.8)
    panel.tick_params(axis="y", length=0)
    panel.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    panel.set_xscale("log")
    _plain_log(panel.xaxis)
    _label(
        panel,
        "score with 95 % interval (lower is better)\nfilled: confirmed on fresh draws; open: searched only",
        "",
        "",
    )
    panel.grid(axis="y", visible=False)
    _title(figure, f"{frame['study'].iloc[0]}: leaderboard" if len(frame) else "leaderboard")
    return figure


def _name(row: Mapping[Any, Any]) -> str:
    if row["kind"] != "trial":
        return f"{row['variant']} ({row['kind']})"
    return f"{row['rank']}.  {row['variant']}, {row['loss']}, {row['latent_sampler']}, dim {row['latent_dim']}"


def _histogram(
    panel: "Axes",
    generated: NDArray[np.float64],
    true: NDArray[np.float64],
    train: NDArray[np.float64],
    column: str,
) -> None:
    # the true samples set the range: generated outliers are stacked at its ends rather than flatten the picture
    low, high = np.quantile(true, [0.0005, 0.9995])
    margin = 0.15 * (high - low or abs(high) or 1.0)
    low, high = low - margin, high + margin
    bins = np.linspace(low, high, 71 if len(true) > 2000 else 31).tolist()
    panel.hist(np.clip(true, low, high), bins, density=True, color=TRUE, alpha=0.45, label=f"true ({len(true):,})")
    panel.hist(
        np.clip(generated, low, high), bins, density=True, histtype="step", color=GENERATED, linewidth=1.8,
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
    _label(panel, column, "density", f"{column}: KS {distance:.4f}")


def _quantiles(panel: "Axes", generated: NDArray[np.float64], true: NDArray[np.float64]) -> None:
    levels = np.linspace(0.002, 0.998, 250)
    expected, got = np.quantile(true, levels), np.quantile(generated, levels)
    ends = [min(expected[0], got[0]), max(expected[-1], got[-1])]
    panel.plot(ends, ends, color=TRUE, linewidth=1.2)
    panel.plot(expected, got, ".", color=GENERATED, markersize=4)
    panel.set_aspect("equal", adjustable="datalim")
    _label(panel, "true quantiles", "generated quantiles", "")


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")


def _title(figure: "Figure", text: str) -> None:
    figure.suptitle(text, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)


def _label(panel: "Axes", x: str, y: str, title: str) -> None:
    panel.set_xlabel(x, color=INK)
    panel.set_ylabel(y, color=INK)
    panel.set_title(title, loc="left", fontsize=10, color=INK)
    panel.grid(color=FAINT, linewidth=0.6)
    panel.set_axisbelow(True)
    panel.tick_params(color=FAINT, labelcolor=INK, labelsize=9)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(FAINT)


def _plain_log(axis: Any) -> None:
    """Label a logarithmic axis with plain numbers at 1, 2 and 5 times the powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def _cycle() -> Sequence[str]:
    return COLOURS * 20
