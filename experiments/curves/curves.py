"""Show what the best autoencoder and the best baseline make of rows along a curve.

python experiments/curves/curves.py    # runs what is missing, 10 minutes on 2 cores
"""

import argparse
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

import vaebench
from vaebench.results.plots.style import COLOURS, TRUE, new_figure
from vaebench.scoring.baseline_scores import copies
from vaebench.study.file import load

HERE = Path(__file__).parent
STUDIES = ("moons", "spiral")
COLUMNS = ["rank", "variant", "latent_sampler", "score", "score_low", "score_high", "tied_with_best"]
COLUMNS += [f"metric.{name}" for name in ("classifier", "coverage", "l_syn")]
SHOWN = 3000
"""Rows of a panel."""


def picture(home: Path, boards: dict[str, pd.DataFrame]) -> Figure:
    """Show true rows, rows of the best trial, and rows of the best baseline that copies none."""
    figure = new_figure(9, 3.1 * len(boards))
    panels = figure.subplots(len(boards), 3, squeeze=False)
    for row, (name, board) in zip(panels, boards.items(), strict=True):
        best = board[board["rank"] == 1].iloc[0]
        baseline = next(other for other in board.itertuples() if other.kind == "baseline" and not copies(other.variant))
        true = load(HERE / f"{name}.toml").replicate("confirm", 0).draw().true[:SHOWN]
        sides = (
            ("true rows", true, TRUE),
            (f"{best['variant']}, score {best['score']:.2f}", vaebench.generate(name, SHOWN, home=home), COLOURS[0]),
            (
                f"{baseline.variant}, score {baseline.score:.2f}",
                vaebench.generate(name, SHOWN, baseline=baseline.variant, home=home),
                COLOURS[1],
            ),
        )
        for panel, (title, rows, colour) in zip(row, sides, strict=True):
            panel.plot(*pd.DataFrame(rows).to_numpy().T, ".", color=colour, markersize=1.5)
            panel.set_title(title, fontsize=9)
            panel.set_aspect("equal")
            panel.set_xlim(true[:, 0].min() - 0.5, true[:, 0].max() + 0.5)
            panel.set_ylim(true[:, 1].min() - 0.5, true[:, 1].max() + 0.5)
            panel.tick_params(labelsize=7)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path("runs/curves"), help="what is there is not run again")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    boards = {}
    for name in STUDIES:
        boards[name] = vaebench.run(HERE / f"{name}.toml", home=options.home, workers=options.workers)
        shown = boards[name][boards[name]["status"] == "confirmed"]
        print(f"{name}\n{shown[COLUMNS].round(3).to_string()}")
    picture(options.home, boards).savefig(HERE / "curves.png")


if __name__ == "__main__":
    main()
