"""Plot of a search, trial by trial."""

from typing import TYPE_CHECKING

import numpy as np

from vaebench.results.plots.style import (
    COLOURS,
    INK,
    TRUE,
    colours_of,
    new_figure,
    plain_log,
    set_labels,
    set_title,
    whole_numbers,
)
from vaebench.results.standings import Standings
from vaebench.scoring.score import mean_score

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def search_history(standings: Standings) -> "Figure":
    """Plot every trial's score over the search replicates, by variant, and the best so far.

    Lines mark the attainable score (1.0) and the noise floor. Pruned trials are hollow, at their score on fewer
    replicates. Failed trials are crosses at the bottom.
    """
    record = standings.record
    figure = new_figure(10, 4.6)
    panel = figure.add_subplot()
    scores = {
        trial.number: mean_score(trial.results, record.attainable)
        for trial in record.trials
        if trial.results and not trial.reason
    }
    pruned = {trial.number for trial in record.trials if trial.pruned}
    variants = {trial.number: str(trial.params.get("variant")) for trial in record.trials}
    for variant, colour in colours_of(variants.values()).items():
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
    floor = next((row for row in standings.rows if row.kind == "floor" and row.search and not row.failure), None)
    if floor:
        value = mean_score(floor.search, record.attainable)
        panel.axhline(value, color=TRUE, linewidth=1.2, linestyle=":", label="noise floor", zorder=2)
    panel.set_yscale("log")
    panel.margins(y=0.1)
    plain_log(panel.yaxis)
    whole_numbers(panel.xaxis)
    set_labels(panel, "trial", "score (lower is better)", "")
    panel.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    set_title(figure, f"{record.name}: search")
    return figure
