"""Measure how near the shipped studies' confirmed winners come to the best that can be done, over several seeds."""

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import vaebench
from vaebench.results.plots.style import COLOURS, TRUE, name_rows, new_figure, plain_log, set_labels

STUDIES = Path(__file__).parents[2] / "studies"
BASELINES = ("gaussian", "kde", "true_family")


def row(study: str, seed: int, home: Path, workers: int) -> dict[str, object]:
    """Run a shipped study with another seed, or go on with it, in a folder of `home`; return what its winner has."""
    home.mkdir(parents=True, exist_ok=True)
    text = (STUDIES / f"{study}.toml").read_text()
    file = home / f"{study}.toml"
    file.write_text(re.sub(r"(?m)^seed = \d+$", f"seed = {seed}", text))
    board = vaebench.run(file, home=home / f"seed-{seed}", workers=workers)
    best = board[board["rank"] == 1].iloc[0]
    baselines = board[board["kind"] == "baseline"].set_index("variant")
    compared = {name: baselines.loc[name] for name in BASELINES if name in baselines.index}
    return {
        "study": study,
        "seed": seed,
        "trial": int(best["trial"]),
        "variant": best["variant"],
        "diagnosis": best["diagnosis"],
        "searched": best["metric.search_score"],
        "score": best["score"],
        "ks": best["ks"],
        **{f"{name} score": baseline["score"] for name, baseline in compared.items()},
        **{f"ks / {name}": best["ks"] / baseline["ks"] for name, baseline in compared.items()},
    }


def picture(frame: pd.DataFrame) -> Figure:
    """Show each winner's ks beside that of the baselines on the same draws, a row for each study and seed."""
    figure = new_figure(9, 1.6 + 0.3 * len(frame))
    panel = figure.add_subplot()
    places = range(len(frame))
    for name, marker, colour in zip(BASELINES, "Ds^", (TRUE, COLOURS[5], COLOURS[4]), strict=True):
        panel.plot(frame["ks"] / frame[f"ks / {name}"], places, marker, color=colour, markersize=5, label=name)
    panel.plot(frame["ks"], places, "o", color=COLOURS[0], markersize=7, label="best autoencoder")
    panel.set_xscale("log")
    plain_log(panel.xaxis)
    panel.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    set_labels(panel, "confirmed ks (lower is better)", "", "")
    names = [f"{study}, seed {seed}" for study, seed in zip(frame["study"], frame["seed"], strict=True)]
    name_rows(panel, names, [True] * len(frame))
    return figure


def main() -> None:
    """Print a row for each study and seed, and the median and the worst of each study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", choices=("gaussian", "bimodal", "skewed"), nargs="*", default=["gaussian"])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--home", type=Path, default=Path("runs/attained"), help="what is there is not run again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--picture", type=Path, help="draw them there")
    options = parser.parse_args()
    rows = []
    for study in options.study:
        for seed in options.seeds:
            rows.append(row(study, seed, options.home, options.workers))
            print({key: value if isinstance(value, str) else round(float(value), 3) for key, value in rows[-1].items()})  # type: ignore[arg-type]
    frame = pd.DataFrame(rows)
    print("\n" + frame.round(3).to_string(index=False))
    for study, own in frame.groupby("study"):
        figures = own.select_dtypes(np.number).drop(columns=["seed", "trial"])
        print(f"\n{study}: median and worst of {len(own)} seeds")
        print(figures.agg(["median", "max"]).round(3).to_string())
    if options.picture:
        picture(frame).savefig(options.picture)


if __name__ == "__main__":
    main()
