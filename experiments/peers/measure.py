"""Score other software's generators on the draws that the trials of experiments/field were confirmed on.

python experiments/field/field.py                                          # first: our side
python -m venv peers && peers/bin/pip install -r experiments/peers/requirements.txt
python experiments/peers/measure.py --python peers/bin/python              # goes on where it was ended
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from vaebench.results.plots.style import COLOURS, TRUE, name_rows, new_figure, plain_log, set_labels
from vaebench.results.standings import Standings
from vaebench.rows import MAIN_METRICS, SCORED, Phase
from vaebench.scoring.baseline_scores import baseline
from vaebench.scoring.intervals import interval
from vaebench.scoring.paired_tests import told_apart
from vaebench.scoring.score import measure, score
from vaebench.study.records import Result

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "field"))
from confirmed import data_sets, keep, standings_of  # noqa: E402 - a script's neighbour

CHOOSING, DRAWS = 2, 8
"""Draws on which a peer's settings are chosen, and further ones on which the chosen settings are scored."""


def generated(ours: Standings, phase: Phase, draws: Sequence[int], home: Path, python: Path, workers: int) -> None:
    """Let the peers generate from the training rows of `draws`, over processes; what is there is not made again."""
    definition = ours.record.definition
    folders = []
    for index in draws:
        folder = home / phase / f"{index:03}"
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "train.npy", definition.replicate(phase, index).draw().train)
        folders.append(folder)
    command = [str(python), str(FOLDER / "generators.py"), str(definition.generated)]
    running = [subprocess.Popen([*command, *map(str, folders[i::workers])]) for i in range(workers)]
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("a process of the peers failed")


def scored(ours: Standings, phase: Phase, draws: Sequence[int], home: Path) -> pd.DataFrame:
    """Return a row a setting and draw: its score and the three metrics, NaN where it failed."""
    definition, rows = ours.record.definition, []
    for index in draws:
        draw = definition.replicate(phase, index).draw()
        for path in sorted((home / phase / f"{index:03}").glob("*.*")):
            if path.stem in ("train", "wanted"):
                continue
            metrics = dict.fromkeys(SCORED, np.nan)
            try:
                if path.suffix == ".npy":
                    metrics = dict(measure(np.load(path), draw, definition.data_set, phase))
            except ValueError as error:
                print(f"{path.stem}, draw {index}: {error}")
            value = score(metrics, ours.record.attainable)
            rows.append({"name": path.stem, "draw": index, "score": value, **{m: metrics[m] for m in MAIN_METRICS}})
    return pd.DataFrame(rows)


def chosen(choosing: pd.DataFrame) -> list[str]:
    """Return each peer's setting of the lowest mean score; one that fails on a draw comes last."""
    means = choosing.groupby("name")["score"].agg(lambda scores: scores.mean(skipna=False)).fillna(np.inf)
    peers = means.groupby(means.index.str.partition("; ").get_level_values(0))
    return [str(of_peer.idxmin()) for _, of_peer in peers]


def compared(data_set: str, home: Path, field: Path, python: Path, workers: int) -> pd.DataFrame:
    """Return a row a competitor: each peer, our best trial, each baseline that copies nothing; on the same draws."""
    ours = standings_of(data_set, field, workers, short=False)
    home = home / data_set
    generated(ours, "search", range(CHOOSING), home, python, workers)
    names = chosen(scored(ours, "search", range(CHOOSING), home))
    for index in range(DRAWS):
        (folder := home / "confirm" / f"{index:03}").mkdir(parents=True, exist_ok=True)
        (folder / "wanted.json").write_text(json.dumps(names))
    generated(ours, "confirm", range(DRAWS), home, python, workers)
    peers = scored(ours, "confirm", range(DRAWS), home)
    peers = peers[peers["name"].isin(names)].assign(kind="peer")
    winner = ours.ranked[0]
    own = [_rows("vaebench", f"vaebench ({winner.name})", winner.confirmation, ours)]
    for row in ours.rows:
        if row.kind == "baseline" and row.status == "confirmed" and not baseline(row.name).copies:
            own.append(_rows("baseline", row.name, row.confirmation, ours))
    return pd.concat([*own, peers], ignore_index=True).assign(data_set=data_set)


def _rows(kind: str, name: str, results: Iterable[Result], ours: Standings) -> pd.DataFrame:
    rows = [
        {"score": score(one.metrics, ours.record.attainable), **{m: one.metrics[m] for m in MAIN_METRICS}}
        for one in list(results)[:DRAWS]
    ]
    return pd.DataFrame(rows).assign(kind=kind, name=name, draw=range(len(rows)))


def verdicts(scores: pd.DataFrame) -> pd.DataFrame:
    """Return mean score, interval, and whether it is ahead of our best trial by paired tests, Holm over a data set."""
    rows = []
    for data_set, of_one in scores.groupby("data_set", sort=False):
        table = of_one.pivot(index="draw", columns="name", values="score")
        kinds = of_one.drop_duplicates("name").set_index("name")["kind"]
        (our,) = kinds.index[kinds == "vaebench"]
        others = [name for name in table if name != our and table[name].notna().all()]
        told = told_apart([(tuple(table[our]), tuple(table[name])) for name in others])
        ahead = {n: t and table[n].mean() < table[our].mean() for n, t in zip(others, told, strict=True)}
        for name in table:
            values = table[name].dropna().tolist()
            low, high = interval(values) if values else (np.nan, np.nan)
            mean = float(np.mean(values)) if values else np.nan
            row = {"data_set": data_set, "kind": kinds[name], "name": name, "score": mean, "low": low, "high": high}
            rows.append(row | {"failed": int(table[name].isna().sum()), "ahead": bool(ahead.get(name, False))})
    return pd.DataFrame(rows)


def as_text(table: pd.DataFrame) -> str:
    """Return the table as Markdown: our best trial, then whatever is best, a "<" where it is plainly ahead of ours."""
    peer = table["name"].str.partition("; ")[0].str.replace(r"^vaebench \(.*", "vaebench", regex=True)
    short = table.assign(peer=peer, place=table["kind"].map({"vaebench": 0, "peer": 1, "baseline": 2}))
    names = list(dict.fromkeys(short["data_set"]))
    order = short.groupby(["place", "peer"], as_index=False)["score"].mean().sort_values(["place", "score"])
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for peer in order["peer"]:
        cells = []
        for data_set in names:
            one = short[(short["peer"] == peer) & (short["data_set"] == data_set)]
            cells.append("" if one.empty else _cell(one.iloc[0]))
        lines.append(f"| {peer} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(row: pd.Series) -> str:
    if row["failed"]:
        return f"failed on {row['failed']}"
    return f"{row['score']:.2f} [{row['low']:.2f}, {row['high']:.2f}]{' <' if row['ahead'] else ''}"


def picture(table: pd.DataFrame) -> Figure:
    """Show each data set's scores, a panel each: ours, peers, baselines."""
    names = list(dict.fromkeys(table["data_set"]))
    figure = new_figure(13, 3.4 * -(-len(names) // 4))
    panels = figure.subplots(-(-len(names) // 4), 4, squeeze=False).ravel()
    colours = {"vaebench": COLOURS[0], "peer": COLOURS[1], "baseline": TRUE}
    for panel, data_set in zip(panels, names, strict=False):
        rows = table[table["data_set"] == data_set].sort_values("score").reset_index(drop=True)
        for place, row in rows.iterrows():
            panel.plot([row["low"], row["high"]], [place, place], color=colours[row["kind"]], linewidth=2, alpha=0.6)
            panel.plot(row["score"], place, "o", color=colours[row["kind"]], markersize=5)
        panel.set_xscale("log")
        plain_log(panel.xaxis)
        set_labels(panel, "confirmed score", "", data_set)
        name_rows(panel, [name.partition("; ")[0] for name in rows["name"]], list(rows["kind"] == "vaebench"))
    for panel in panels[len(names) :]:
        panel.remove()
    return figure


def main() -> None:
    """Fit and score what is missing, print the table, and write what is kept in this folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_sets", nargs="*", default=data_sets(), metavar="DATA_SET")
    parser.add_argument("--python", type=Path, required=True, help="that of the peers' environment")
    parser.add_argument("--field", type=Path, default=Path("runs/field"), help="where experiments/field ran")
    parser.add_argument("--home", type=Path, default=Path("runs/peers"), help="what is there is not made again")
    parser.add_argument("--workers", type=int, default=2)
    o = parser.parse_args()
    found = [compared(name, o.home, o.field, o.python, o.workers) for name in o.data_sets]
    scores = pd.concat(found, ignore_index=True)
    table = verdicts(scores)
    print(text := as_text(table))
    if set(o.data_sets) == set(data_sets()):
        keep(FOLDER, scores, text, picture(table))


if __name__ == "__main__":
    main()
