"""Measure the likelihood fitness of the CTGAN paper's table on its three simulated data sets, draw by draw.

python experiments/simulated/simulated.py              # goes on where it was ended
python experiments/simulated/simulated.py --trials 20  # the short form: prints the table alone
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import vaebench
from vaebench.data_sets import KnownClusters
from vaebench.gaussian_mixture import Array
from vaebench.results.plots.style import COLOURS, TRUE, name_rows, new_figure, set_labels
from vaebench.results.standings import Standings, standings
from vaebench.rows import Draw, Rows
from vaebench.scoring.intervals import interval
from vaebench.scoring.metrics.likelihood import l_test
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Workers, result_of
from vaebench.search.workers import executor
from vaebench.seeds import generator
from vaebench.study.file import load
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

FOLDER = Path(__file__).parent
DATA_SETS = {"grid": "grid = {}", "gridr": "gridr = {}", "ring": "ring = { clusters = 8, width = 0.22360679774997896 }"}
"""By name, the line in [data]: clusters of variance 0.05."""
PUBLISHED = {
    "TVAE, published": {"grid": [(-2.86, -11.26), (-3.27, -5.66)], "gridr": [(-3.41, -3.20), (-3.87, -3.71)],
                        "ring": [(-1.68, -1.79), (-1.58, -1.94)]},
    "CTGAN, published": {"grid": [(-5.63, -3.69)], "gridr": [(-8.11, -4.31)], "ring": [(-3.43, -2.19)]},
    "Gaussian copula, published": {"grid": [(-7.24, -4.51)], "gridr": [(-7.16, -4.54)], "ring": [(-3.20, -2.15)]},
}  # fmt: skip
"""L_syn and L_test as SDGym's tables have them (in two versions of it for TVAE)."""
TVAE_LIKE = {
    "variant": "vae",
    "variant.vae.beta": 0.5,  # the reconstruction counts twice
    "loss": "gaussian_nll",
    "latent_sampler": "prior",
    "latent_dim": 42,
    "encoder": (128, 128),
    "decoder": (128, 128),
    "batch_size": 500,
    "epochs": 300,
    "l2_weights": 1e-5,
    "decoder_noise": True,
}
DRAWS, FIRST = 10, 1000
"""Draws that every row is measured on, far beyond those of the study's confirmation."""
BEGIN, END = "<!-- simulated: written by simulated.py -->\n", "<!-- end of simulated -->\n"


def text_of(data_set: str, trials: int) -> str:
    """Return study.toml for one of the data sets."""
    text = (FOLDER / "study.toml").read_text()
    text = text.replace("grid = {}", DATA_SETS[data_set]).replace('"simulated"', f'"simulated-{data_set}"')
    return re.sub(r"(?m)^trials = \d+$", f"trials = {trials}", text)


def study_of(data_set: str, home: Path, workers: int, trials: int) -> Standings:
    """Run the study, or go on with it."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / f"simulated-{data_set}.toml"
    file.write_text(text_of(data_set, trials))
    vaebench.run(file, home=home, workers=workers)
    return standings(RecordStore.open(home, f"simulated-{data_set}").record())


def found(study: Standings, entropy: float) -> Spec:
    """Return the confirmed trial whose mean L_syn and L_test are nearest to identity's, minus the entropy."""
    rows = [row for row in study.ranked if row.status == "confirmed"]
    off = [
        np.abs(np.mean([(r.metrics["l_syn"], r.metrics["l_test"]) for r in row.results], axis=0) + entropy).sum()
        for row in rows
    ]
    trial = rows[int(np.argmin(off))].trial
    assert trial is not None
    return Spec.from_flat(trial.params)


def fitness(name: str, spec: Spec | None, replicate: Replicate) -> tuple[float | None, float | None]:
    """Return L_syn and L_test of rows generated from the training rows of a draw. Runs in a worker."""
    draw = replicate.draw()
    clusters = count(replicate)
    generated = generate(name, spec, draw, clusters, replicate)
    return l_test(draw.true, generated, clusters), l_test(generated, draw.true, clusters)


def generate(name: str, spec: Spec | None, draw: Draw, clusters: int, replicate: Replicate) -> Rows:
    """Return as many rows as there are to train: themselves, a mixture's, or an autoencoder's."""
    from sklearn.mixture import GaussianMixture

    from vaebench.trial.fit import fit

    if spec is not None:
        return fit(spec, replicate).generate(replicate.generated, generator("generate", spec.seed, replicate.seed))
    if name == "identity":
        return draw.train
    mixture = GaussianMixture(clusters, n_init=10, init_params="k-means++", random_state=replicate.index)
    rows: Array = mixture.fit(draw.train).sample(replicate.generated)[0]
    return rows


def count(replicate: Replicate) -> int:
    """Return the true number of clusters, which every mixture here has."""
    assert isinstance(replicate.data_set, KnownClusters)
    return replicate.data_set.cluster_count


def entropy_of(replicate: Replicate) -> float:
    """Return the entropy of the data set, to 0.001: by a million draws."""
    data_set = replicate.data_set
    assert isinstance(data_set, KnownClusters)
    return -float(data_set.log_density(data_set.sample(1_000_000, generator("entropy"))).mean())


def measured(data_set: str, specs: Mapping[str, Spec | None], home: Path, workers: int) -> pd.DataFrame:
    """Return a row a generator and draw; what is in `home` is not measured again."""
    kept = home / f"fitness-{data_set}.csv"
    have = pd.read_csv(kept) if kept.exists() else pd.DataFrame(columns=["name", "spec", "draw", "l_syn", "l_test"])
    definition = load(home / f"simulated-{data_set}.toml")
    keys = {name: "" if spec is None else str(sorted(spec.flat().items())) for name, spec in specs.items()}
    done = set(zip(have["name"], have["spec"].fillna(""), have["draw"], strict=True))
    missing = [(name, draw) for name in specs for draw in range(DRAWS) if (name, keys[name], draw) not in done]
    with Workers(partial(executor, workers)) as pool:
        tasks = [
            pool.submit(fitness, name, specs[name], definition.replicate("confirm", FIRST + draw))
            for name, draw in missing
        ]
        for (name, draw), task in zip(missing, tasks, strict=True):
            l_syn, of_test = result_of(task)
            row = {"name": name, "spec": keys[name], "draw": draw, "l_syn": l_syn, "l_test": of_test}
            have = pd.concat([have, pd.DataFrame([row])] if len(have) else [pd.DataFrame([row])], ignore_index=True)
            have.to_csv(kept, index=False)
    wanted = [keys.get(name) == spec for name, spec in zip(have["name"], have["spec"].fillna(""), strict=True)]
    return have[wanted].drop(columns="spec").assign(data_set=data_set)


def as_text(frame: pd.DataFrame, entropies: Mapping[str, float]) -> str:
    """Return the table as Markdown: means with 95 % intervals over draws, published rows below."""
    names = list(entropies)
    lines = ["| L_syn / L_test | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines.append("| minus the entropy | " + " | ".join(f"{-entropies[name]:.3f}" for name in names) + " |")
    for row in dict.fromkeys(frame["name"]):
        cells = []
        for data_set in names:
            one = frame[(frame["name"] == row) & (frame["data_set"] == data_set)]
            cells.append(" / ".join(_cell(one[metric].tolist()) for metric in ("l_syn", "l_test")))
        lines.append(f"| {row} | {' | '.join(cells)} |")
    for row, published in PUBLISHED.items():
        cells = ["; ".join(f"{a:.2f} / {b:.2f}" for a, b in published[name]) for name in names]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(values: Sequence[float]) -> str:
    low, high = interval(values)
    return f"{np.mean(values):.3f} [{low:.3f}, {high:.3f}]"


def picture(frame: pd.DataFrame, entropies: Mapping[str, float]) -> Figure:
    """Show how far each row is from minus the entropy, a panel a data set."""
    figure = new_figure(13, 4.2)
    panels = figure.subplots(1, len(entropies))
    names = [*dict.fromkeys(frame["name"]), *PUBLISHED]
    for panel, (data_set, entropy) in zip(panels, entropies.items(), strict=True):
        panel.axvline(-entropy, color=TRUE, linewidth=1)
        for place, name in enumerate(names):
            own = frame[(frame["name"] == name) & (frame["data_set"] == data_set)]
            points = PUBLISHED[name][data_set] if name in PUBLISHED else own[["l_syn", "l_test"]].to_numpy()
            for metric, marker, colour in ((0, "o", COLOURS[0]), (1, "s", COLOURS[1])):
                label = ("L_syn", "L_test")[metric] if place == 0 else None
                panel.plot([p[metric] for p in points], [place] * len(points), marker, color=colour, label=label, ms=4)
        set_labels(panel, "mean log likelihood", "", data_set)
        name_rows(panel, names, [name.startswith("best") for name in names])
    panels[0].legend(frameon=False, fontsize=9)
    return figure


def main() -> None:
    """Run, print, and write what is kept in this folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--home", type=Path, help="what is there is not run again [runs/simulated or runs/simulated-N]")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    whole = options.trials == parser.get_default("trials")
    home = options.home or Path("runs/simulated" if whole else f"runs/simulated-{options.trials}")
    frames, entropies = [], {}
    for data_set in DATA_SETS:
        study = study_of(data_set, home, options.workers, options.trials)
        entropies[data_set] = entropy_of(study.record.definition.replicate("confirm", FIRST))
        specs = {
            "identity": None,
            "Gaussian mixture": None,
            "TVAE-like": Spec.from_flat(TVAE_LIKE),
            f"best of {options.trials} trials": found(study, entropies[data_set]),
        }
        frames.append(measured(data_set, specs, home, options.workers))
    frame = pd.concat(frames, ignore_index=True)
    print(text := as_text(frame, entropies))
    if whole:
        frame.to_csv(FOLDER / "results.csv", index=False, float_format="%.5g")
        readme = FOLDER / "README.md"
        readme.write_text(re.sub(f"(?s){BEGIN}.*{END}", lambda _: f"{BEGIN}\n{text}\n{END}", readme.read_text()))
        picture(frame, entropies).savefig(FOLDER / "simulated.png", metadata={"Software": None})


if __name__ == "__main__":
    main()
