"""Plot of a leaderboard's best rows with their intervals."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vaebench.results.plots.style import (
    COLOURS,
    INK,
    TRUE,
    colours_of,
    name_rows,
    new_figure,
    plain_log,
    set_labels,
    set_title,
)
from vaebench.results.standings import REFITTED

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def leaderboard_picture(frame: "pd.DataFrame", top: int = 20) -> "Figure":
    """Plot the scores of a leaderboard's `top` trials, the baselines and the noise floor, with 95 % intervals."""
    scored = frame[frame["status"] != "failed"]
    rows = scored[~(scored["rank"] > top).fillna(False)].to_dict(orient="records")
    figure = new_figure(9, 1.5 + 0.32 * max(len(rows), 1))
    panel = figure.add_subplot()
    colours = colours_of(frame.loc[frame["kind"] == "trial", "variant"])
    for place, row in enumerate(rows):
        trial = row["kind"] == "trial"
        colour = colours[row["variant"]] if trial else TRUE
        panel.plot([row["score_low"], row["score_high"]], [place, place], color=colour, linewidth=2, alpha=0.55)
        filled = colour if row["status"] in REFITTED or not trial else "white"
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
    confirmed = sum(row["status"] == "confirmed" for row in rows)
    if 0 < confirmed < len(rows):
        panel.axhline(confirmed - 0.5, color=INK, linewidth=0.8)
    panel.set_xscale("log")
    plain_log(panel.xaxis)
    fewer = " (below the line: on the first of these alone)" if "eliminated" in {row["status"] for row in rows} else ""
    shown = f"filled: confirmed on further draws{fewer}; open: searched only"
    set_labels(panel, f"score with 95 % interval (lower is better)\n{shown}", "", "")
    name_rows(panel, [_name(row) for row in rows], [row["kind"] == "trial" for row in rows])
    set_title(figure, f"{frame['study'].iloc[0]}: leaderboard" if len(frame) else "leaderboard")
    return figure


def _name(row: Mapping[Any, Any]) -> str:
    if row["kind"] != "trial":
        return "noise floor" if row["kind"] == "floor" else f"{row['variant']} (baseline)"
    return f"{row['rank']}.  {row['variant']}, {row['loss']}, {row['latent_sampler']}, dim {row['latent_dim']}"
