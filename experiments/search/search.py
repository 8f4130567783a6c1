"""Compare ways of searching on a surrogate of studies/gaussian.toml, hundreds of searches without any training."""

import argparse
import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from optuna.trial import TrialState, create_trial
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.feature_extraction import DictVectorizer

from vaebench.scoring.score import mean_score
from vaebench.search import samplers
from vaebench.search.asking import Asker
from vaebench.search.store import RecordStore
from vaebench.study.definition import Sampler
from vaebench.study.file import load
from vaebench.study.records import StudyRecord

STUDY = Path(__file__).parents[2] / "studies/gaussian.toml"
LUCK = 0.06
"""Standard deviation of log(score) of good trials about what a forest learned from other runs says (see `describe`)."""
MISLED = 1.1
"""A search whose best is worth more than this, over Gaussian maximum likelihood, missed what a study is asked for."""
DEFINITION = load(STUDY)
SEARCHED = DEFINITION.arms[0].space.names
CONFIRMED = DEFINITION.confirm_top
LENGTHS = (24, 60, 100, 200)
SETTINGS: Mapping[str, tuple[Sampler, float]] = {
    **{f"tpe, prior weight {weight:g}": ("tpe", weight) for weight in (1.0, 2.0, 3.0, 5.0)},
    "nsga2": ("nsga2", samplers.PRIOR_WEIGHT),
    "random": ("random", samplers.PRIOR_WEIGHT),
}
"""Optuna's sampler, and the prior weight of TPE."""
TREES = 100

Features = dict[str, str | float]
Rows = list[tuple[Features, float]]


@dataclass(frozen=True)
class Surrogate:
    """The score of a configuration over that of Gaussian maximum likelihood, learned from finished trials."""

    columns: DictVectorizer
    forest: ExtraTreesRegressor

    def __call__(self, values: Mapping[str, Any]) -> float:
        """Return the ratio that is to be expected of the configuration `values`."""
        return self.of(_features(values))

    def of(self, features: Features) -> float:
        """Return the ratio that is to be expected of what `_features` returned."""
        row = self.columns.transform([features]).astype(np.float32)
        logs = [tree.tree_.predict(row) for tree in self.forest.estimators_]  # forest.predict takes 15 ms for one row
        return float(np.exp(np.mean(logs)))


def _features(values: Mapping[str, Any]) -> Features:
    """Return what trees can split: words and numbers; what another branch owns is left out."""
    plain = {path: values[path] for path in SEARCHED if path in values}
    return {path: str(value) if isinstance(value, bool) else value for path, value in plain.items()}


def _rows(record: StudyRecord) -> Rows:
    """Return each trial's features, and the log of its score over that of Gaussian maximum likelihood on its draws."""
    gaussian = next(reference for reference in record.baselines if reference.name == "gaussian").search
    rows = []
    for trial in record.trials:
        if trial.results:
            rival = mean_score(gaussian[: len(trial.results)], record.attainable)
            rows.append((_features(trial.params), float(np.log(mean_score(trial.results, record.attainable) / rival))))
    return rows


def learn(runs: Sequence[Rows]) -> Surrogate:
    """Fit a forest to the finished trials of some runs."""
    columns = DictVectorizer(sparse=False)
    x = columns.fit_transform([features for rows in runs for features, _ in rows])
    y = [outcome for rows in runs for _, outcome in rows]
    return Surrogate(
        columns, ExtraTreesRegressor(TREES, min_samples_leaf=2, max_features=0.5, random_state=0).fit(x, y)
    )


def describe(runs: Sequence[Rows]) -> None:
    """Print how far off a forest is on runs that it has not seen, learned from the others."""
    observed, predicted = [], []
    for own, others in ((runs[::2], runs[1::2]), (runs[1::2], runs[::2])):
        surrogate = learn(others)
        for rows in own:
            observed += [outcome for _, outcome in rows]
            predicted += [float(np.log(surrogate.of(features))) for features, _ in rows]
    y, guess = np.array(observed), np.array(predicted)
    print(f"{len(y)} trials of {len(runs)} runs. Score over Gaussian maximum likelihood's, predicted from other runs:")
    for low, high in itertools.pairwise((0.0, 1.05, 1.2, 1.6, np.inf)):
        band = (np.exp(guess) >= low) & (np.exp(guess) < high)
        error = (y - guess)[band]
        print(f"  {low:g} to {high:g}: {band.sum()} trials, observed log {error.mean():+.3f} +- {error.std():.3f}")


def search_on_half(runs: Sequence[Rows], setting: str, seed: int) -> dict[str, object]:
    """Search with one setting on a forest learned from half of the runs, drawn by `seed`."""
    half = np.random.default_rng(seed).choice(len(runs), len(runs) // 2, replace=False)
    return search(learn([runs[index] for index in half]), setting, seed)


def search(surrogate: Callable[[Mapping[str, Any]], float], setting: str, seed: int) -> dict[str, object]:
    """Search with one setting; return what the best of the CONFIRMED best trials is really worth after some trials."""
    sampler, samplers.PRIOR_WEIGHT = SETTINGS[setting]
    definition = replace(DEFINITION, seed=seed, sampler=sampler)
    asker = Asker(definition, definition.arms[0], [])
    luck = np.random.default_rng(seed)
    worth, seen = np.empty(max(LENGTHS)), np.empty(max(LENGTHS))
    waiting = []
    for index in range(max(LENGTHS)):
        values, asked = asker.ask()
        worth[index] = surrogate(values)
        seen[index] = worth[index] * np.exp(LUCK * luck.standard_normal())
        waiting.append(
            create_trial(
                state=TrialState.COMPLETE,
                values=[seen[index]],
                params=asked.params,
                distributions=asked.distributions,
                system_attrs=asked.system_attrs,
            )
        )
        if len(waiting) == definition.batch:  # results come a batch at a time, as in a study
            for trial in waiting:
                asker.finish(trial)
            waiting = []
    best = {f"{n} trials": float(worth[np.argsort(seen[:n])[:CONFIRMED]].min()) for n in LENGTHS}
    return {"setting": setting, "seed": seed, **best, "above 1.5": float(np.mean(worth > 1.5))}


def main() -> None:
    """Print for every setting what the best is worth after 24 to 200 trials, over Gaussian maximum likelihood."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("homes", type=Path, nargs="+", help="folders in which studies/gaussian.toml was run to its end")
    parser.add_argument("--searches", type=int, default=100, help="seeds of each setting")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    runs = [_rows(RecordStore.open(home, "gaussian").record()) for home in options.homes]
    describe(runs)
    with ProcessPoolExecutor(options.workers) as pool:
        searches = [
            pool.submit(search_on_half, runs, setting, seed) for setting in SETTINGS for seed in range(options.searches)
        ]
        frame = pd.DataFrame([one.result() for one in searches])
    frame = frame.drop(columns="seed")
    misled = frame.assign(**{name: frame[name] > MISLED for name in frame.columns[1:-1]})
    for name, table in (
        ("median", frame.groupby("setting", sort=False).median()),
        (f"share above {MISLED}", misled.groupby("setting", sort=False).mean()),
        ("worst", frame.groupby("setting", sort=False).max()),
    ):
        print(f"\n{name} of {options.searches} searches")
        print(table.round(3).to_string())


if __name__ == "__main__":
    main()
