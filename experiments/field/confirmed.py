"""The confirmed scores of every variant and baseline on each data set, draw by draw; run or gone on with."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import vaebench
from vaebench.results.standings import REFITTED, Standing, Standings, standings
from vaebench.scoring.baseline_scores import baseline
from vaebench.search.store import RecordStore

FOLDER = Path(__file__).parent
STUDY = FOLDER.parents[1] / "studies" / "field.toml"
NOISE_FLOOR = "noise floor"


def data_sets() -> tuple[str, ...]:
    """Return the names of the data sets."""
    return tuple(tomllib.loads((FOLDER / "data.toml").read_text()))


def study_text(data_set: str, short: bool) -> str:
    """Return studies/field.toml with another table [data]; the short form has few trials and draws."""
    tables = (FOLDER / "data.toml").read_text()
    (data,) = re.findall(rf"(?ms)^\[{data_set}\]\n(.*?)(?=^\[|\Z)", tables)
    text = re.sub(r"(?ms)^\[data\]\n.*?(?=^\[)", lambda _: f"[data]\n{data}\n", STUDY.read_text())
    text = re.sub(r'(?m)^name = ".*"$', f'name = "field-{data_set}"', text)
    if short:
        for key, value in (("trials", 4), ("replicates", 2)):
            text = re.sub(rf"(?m)^{key} = \d+$", f"{key} = {value}", text, count=1)
        text = re.sub(r"(?ms)(^\[confirm\].*?^replicates = )\d+$", r"\g<1>8", text)
    return text


def standings_of(data_set: str, home: Path, workers: int, short: bool) -> Standings:
    """Run the study of `data_set`, or go on with it, and return its standings."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / f"field-{data_set}.toml"
    file.write_text(study_text(data_set, short))
    vaebench.run(file, home=home, workers=workers)
    return standings(RecordStore.open(home, f"field-{data_set}").record())


def rows_of(data_set: str, found: Standings) -> pd.DataFrame:
    """Return a row a confirmation draw of the best trial of each variant, each baseline and the noise floor.

    The draws are those that all of them have: where a variant was eliminated, the first ones. `tied` is whether it
    cannot be told from the best of all trials.
    """
    best: dict[tuple[str, str], Standing] = {}
    for row in found.rows:  # best first
        if row.status in REFITTED:
            best.setdefault((row.kind, row.name), row)
    winner = found.ranked[0]
    draws = min(len(row.scores) for row in best.values())
    return pd.DataFrame(
        [
            {
                "data_set": data_set,
                "kind": kind,
                "name": NOISE_FLOOR if kind == "floor" else name,
                "trial": row.trial.number if row.trial else None,
                **{
                    key: row.trial.params[key] if row.trial else None
                    for key in ("latent_sampler", "scaling", "decoder_noise")
                },
                "tied": found.tied(row, winner),
                "draw": draw,
                "score": score,
                **{metric: row.confirmation[draw].metrics[metric] for metric in ("ks", "mean_error", "std_error")},
            }
            for (kind, name), row in best.items()
            for draw, score in enumerate(row.scores[:draws])
        ]
    )


def seconds_of(data_set: str, found: Standings) -> pd.DataFrame:
    """Return the median time of a fit of each variant in the search."""
    trials = [trial for trial in found.record.trials if trial.results]
    rows = [(trial.params["variant"], result.seconds) for trial in trials for result in trial.results]
    medians = pd.DataFrame(rows, columns=["name", "seconds"]).groupby("name", as_index=False).median()
    return medians.assign(data_set=data_set)


def competitors(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of variants, and of baselines that know the training rows alone and do not copy them."""
    baselines = set(scores["name"][scores["kind"] == "baseline"])
    fair = [name for name in baselines if not (baseline(name).copies or baseline(name).oracle)]
    return scores[(scores["kind"] == "trial") | scores["name"].isin(fair)]


def mean_ranks(scores: pd.DataFrame, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Return each name's rank, mean over data sets, with a 95 % interval by resampling the draws of each data set.

    `scores` has a row a data set, name and draw; ranks are of mean scores, 1 the best. The draws are the same for
    all names of a data set, so they are resampled together. Data sets are not: the ranks are of these.
    """
    random = np.random.default_rng(seed)
    ranks = []
    for _, of_one in scores.groupby("data_set", sort=False):
        table = of_one.pivot(index="draw", columns="name", values="score").dropna()
        places = np.vstack([np.arange(len(table)), random.integers(len(table), size=(resamples, len(table)))])
        means = table.to_numpy()[places].mean(axis=1)  # [1 + resamples, variants]
        ranks.append(pd.DataFrame(means, columns=table.columns).rank(axis=1))
    mean = sum(ranks[1:], ranks[0]) / len(ranks)
    low, high = mean.iloc[1:].quantile(0.025), mean.iloc[1:].quantile(0.975)
    return pd.DataFrame({"rank": mean.iloc[0], "low": low, "high": high}).sort_values("rank")


def keep(folder: Path, scores: pd.DataFrame, text: str, figure: Figure) -> None:
    """Write an experiment's results into its folder: scores.csv.gz, the README's table, the picture of its name."""
    name, zipped = folder.name, {"method": "gzip", "mtime": 0}
    scores.to_csv(folder / "scores.csv.gz", index=False, float_format="%.4g", compression=zipped)
    readme = folder / "README.md"
    place = rf"(?s)(<!-- {name}: written by [^\n]*\n).*(<!-- end of {name} -->\n)"
    readme.write_text(re.sub(place, lambda found: f"{found[1]}\n{text}\n{found[2]}", readme.read_text()))
    figure.savefig(folder / f"{name}.png", metadata={"Software": None})
