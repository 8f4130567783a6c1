"""Plot of the confirmed rows' scores in the search and on further draws."""

from typing import TYPE_CHECKING

import numpy as np

from vaebench.results.plots.style import (
    COLOURS,
    TRUE,
    colours_of,
    name_rows,
    new_figure,
    plain_log,
    set_labels,
    set_title,
)
from vaebench.results.standings import REFITTED, Standing, Standings
from vaebench.scoring.intervals import interval
from vaebench.scoring.score import mean_score

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def searched_and_confirmed(standings: Standings) -> "Figure":
    """Plot each confirmed trial's and baseline's score in the search (open) and on the confirmation draws (filled).

    A baseline moves because the draws differ. What trials move beyond that is selection optimism.
    """
    rows = [row for row in standings.rows if row.status in REFITTED and row.search and row.kind != "floor"]
    figure = new_figure(9, 1.6 + 0.3 * max(len(rows), 1))
    panel = figure.add_subplot()
    colours = colours_of(trial.params.get("variant") for trial in standings.record.trials)
    for place, row in enumerate(rows):
        colour = colours[row.name] if row.trial else TRUE
        searched, confirmed = mean_score(row.search, row.attainable), float(np.mean(row.scores))
        low, high = interval(row.scores)
        panel.plot([low, high], [place, place], color=colour, linewidth=6, alpha=0.2, solid_capstyle="butt")
        panel.plot([searched, confirmed], [place, place], color=colour, linewidth=1.4)
        panel.plot(searched, place, "o", color=colour, markerfacecolor="white", markersize=6)
        panel.plot(confirmed, place, "o", color=colour, markersize=6)
    panel.axvline(1, color=COLOURS[2], linewidth=1.2, linestyle="--", zorder=1)
    panel.set_xscale("log")
    plain_log(panel.xaxis)
    set_labels(panel, "score (lower is better)\nopen: in the search; filled: confirmed, with 95 % interval", "", "")
    name_rows(panel, [_name(row) for row in rows], [row.trial is not None for row in rows])
    set_title(figure, f"{standings.record.name}: searched and confirmed")
    return figure


def _name(row: Standing) -> str:
    return f"trial {row.trial.number}, {row.name}" if row.trial else f"{row.name} (baseline)"
