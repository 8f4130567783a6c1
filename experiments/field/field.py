"""Compare every variant on eight data sets: the matrix of confirmed scores, ranks with intervals, a heat map.

python experiments/field/field.py            # run what is missing, write the results and the README's tables
python experiments/field/field.py --short    # 4 trials a variant on 2 draws: prints the tables alone
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from confirmed import FOLDER, NOISE_FLOOR, competitors, data_sets, keep, mean_ranks, rows_of, seconds_of, standings_of
from matplotlib.figure import Figure

from vaebench.results.plots.style import INK, name_rows, new_figure


def matrix(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean confirmed score of each variant and baseline on each data set, by mean rank, others last."""
    means = scores.pivot_table(index=["kind", "name"], columns="data_set", values="score", sort=False)
    ranked = mean_ranks(competitors(scores)).index
    kinds = scores.drop_duplicates("name").set_index("name")["kind"]
    others = means.loc["baseline"].mean(axis=1).sort_values().index.difference(ranked, sort=False)
    places = [(kinds[name], name) for name in [*ranked, *others]]
    return means.loc[[*places, ("floor", NOISE_FLOOR)], data_sets_of(scores)]


def data_sets_of(scores: pd.DataFrame) -> list[str]:
    """Return the data sets in the order in which they were run."""
    return list(dict.fromkeys(scores["data_set"]))


def as_text(scores: pd.DataFrame, seconds: pd.DataFrame) -> str:
    """Return the tables as Markdown: "=" marks a tie with the best trial of a data set."""
    table, ranks = matrix(scores), mean_ranks(competitors(scores))
    tied = scores.groupby(["kind", "name", "data_set"])["tied"].first()
    fits = seconds.groupby("name")["seconds"].mean()
    names = list(table.columns)
    lines = ["| | " + " | ".join(names) + " | mean rank [95 %] | s a fit |", "|---" * (len(names) + 3) + "|"]
    for (kind, name), row in table.iterrows():
        ties = ["=" if tied.get((kind, name, data_set)) is True else "" for data_set in names]
        cells = ["" if np.isnan(value) else f"{value:.2f}{tie}" for value, tie in zip(row, ties, strict=True)]
        rank = "{rank:.1f} [{low:.1f}, {high:.1f}]".format(**ranks.loc[name]) if name in ranks.index else ""
        shown = name if kind == "trial" else f"*{name}*"
        lines.append(f"| {shown} | {' | '.join(cells)} | {rank} | {f'{fits[name]:.2f}' if kind == 'trial' else ''} |")
    return "\n".join(lines) + "\n"


def picture(scores: pd.DataFrame) -> Figure:
    """Show the matrix as a heat map: a score of 1 is that of the best classical baseline."""
    table = matrix(scores)
    figure = new_figure(9.5, 1.2 + 0.27 * len(table))
    panel = figure.add_subplot()
    shade = np.log2(table.to_numpy()).clip(-1, 2)
    panel.imshow(shade, cmap="RdYlBu_r", aspect="auto", vmin=-2, vmax=2)
    for row, values in enumerate(table.to_numpy()):
        for column, value in enumerate(values):
            if not np.isnan(value):
                ink = INK if abs(shade[row, column]) < 1.3 else "white"
                panel.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    name_rows(panel, [name for _, name in table.index], [kind == "trial" for kind, _ in table.index])
    panel.set_ylim(len(table) - 0.5, -0.5)
    panel.set_xticks(range(len(table.columns)), table.columns, fontsize=9, color=INK)
    panel.xaxis.tick_top()
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    return figure


def main() -> None:
    """Run, print, and write what is kept in this folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_sets", nargs="*", default=data_sets(), metavar="DATA_SET")
    parser.add_argument("--short", action="store_true", help="in 15 minutes; writes nothing here")
    parser.add_argument("--home", type=Path, help="what is there is not run again [runs/field or runs/field-short]")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    home = options.home or Path("runs/field-short" if options.short else "runs/field")
    found = {name: standings_of(name, home, options.workers, options.short) for name in options.data_sets}
    scores = pd.concat([rows_of(name, of_one) for name, of_one in found.items()], ignore_index=True)
    seconds = pd.concat([seconds_of(name, of_one) for name, of_one in found.items()], ignore_index=True)
    text = as_text(scores, seconds)
    print(text)
    if not options.short and set(options.data_sets) == set(data_sets()):
        keep(FOLDER, scores, text, picture(scores))


if __name__ == "__main__":
    main()
