"""Measure how often verdicts err: "=" and "better than a baseline" of equal rows, and pruning of equal trials."""

import argparse
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from vaebench.rows import MAIN_METRICS
from vaebench.scoring.baseline_scores import baseline
from vaebench.scoring.paired_tests import LEVEL, told_apart, worse
from vaebench.scoring.score import measure
from vaebench.search.pruning import Pruner, levels
from vaebench.study.file import load

FOLDER = Path(__file__).parent
TRIALS = FOLDER / "trials.json"
"""The score of each trial of studies/gaussian.toml, run without pruning, on each of its 16 search replicates."""
COPIES, DRAWS = 31, 500
FLIPS = 400
Scores = NDArray[np.float64]
Stops = Callable[[Scores, Scores], int]
"""Takes a trial's scores and those of the earlier ones, one row each; returns after how many replicates it stops."""


def copies() -> Scores:
    """Return the scores of equal rows, shape (DRAWS, COPIES).

    They are Gaussian maximum likelihood, fitted to the rows of studies/gaussian.toml, with other random numbers each.
    """
    definition = load(FOLDER.parents[1] / "studies" / "gaussian.toml")
    errors = np.empty((DRAWS, COPIES, len(MAIN_METRICS)))
    fitted = baseline("gaussian")
    for index in range(DRAWS):
        replicate = definition.replicate("attainable", index)
        draw = replicate.draw()
        for copy in range(COPIES):
            random = np.random.default_rng([index, copy])
            rows = fitted.generate(draw.train, definition.generated, random, definition.data_set)
            metrics = measure(rows, draw, definition.data_set, "attainable")
            errors[index, copy] = [metrics[name] for name in MAIN_METRICS]
    scores: Scores = (errors / errors.mean(axis=(0, 1))).mean(axis=2)
    return scores


# ---- ties, and better than a baseline


def one_by_one(pairs: list[tuple[Scores, Scores]]) -> list[bool]:
    """Test each pair by itself."""
    first, second = np.moveaxis(np.array(pairs), 1, 0)
    return list(ttest_rel(first, second, axis=1).pvalue <= LEVEL)


def largest_of_flips(pairs: list[tuple[Scores, Scores]]) -> list[bool]:
    """Test by sign flips: a pair's statistic against the largest of all pairs, step by step (Westfall, Young 1993)."""
    differences = np.array([first - second for first, second in pairs])
    flips = np.random.default_rng(0).choice([-1.0, 1.0], size=(FLIPS, differences.shape[1]))
    flips[0] = 1.0
    statistics = np.abs(flips @ differences.T) / np.linalg.norm(differences, axis=1)  # rises with |t|
    told = np.zeros(len(pairs), dtype=bool)
    while not told.all():
        p = (statistics[:, ~told].max(axis=1)[:, None] >= statistics[0] - 1e-12).mean(axis=0)
        if not (new := ~told & (p <= LEVEL)).any():
            break
        told |= new
    return told.tolist()


TESTS = {"one by one": one_by_one, "Holm": told_apart, "sign flips": largest_of_flips}


def verdicts(rows: Scores, trials: int, test: Callable[..., list[bool]]) -> list[bool]:
    """Return, for every row but the best trial, whether it is told from that. `rows`: trials first, a row each."""
    pairs = [(i, j) for i, j in combinations(range(len(rows)), 2) if i < trials]
    told = dict(zip(pairs, test([(rows[i], rows[j]) for i, j in pairs]), strict=True))
    best = int(rows[:trials].mean(axis=1).argmin())
    return [told[min(best, j), max(best, j)] for j in range(len(rows)) if j != best]


def ties(scores: Scores, studies: int) -> None:
    """Print how often the best of ten equal trials is told from any row, or called better than an equal baseline."""
    random = np.random.default_rng(1)
    print("draws  test        told from any  better than baseline   told from all, worse by 5 %  10 %")
    for draws in (6, 25, 50):
        counts = {name: np.zeros(4) for name in TESTS}
        for _ in range(studies):
            rows = scores[random.choice(DRAWS, draws, replace=False)][:, random.permutation(COPIES)[:11]].T
            better = bool(rows[:10].mean(axis=1).min() < rows[10].mean())
            for name, test in TESTS.items():
                told = verdicts(rows, 10, test)
                power = [np.mean(verdicts(rows * np.array([[1.0]] + [[1 + by]] * 10), 10, test)) for by in (0.05, 0.1)]
                counts[name] += [any(told), told[-1] and better, *power]
        for name, (any_told, called, *power) in counts.items():
            low, high = (value / studies for value in power)
            print(
                f"{draws:5}  {name:10}  {any_told / studies:13.1%}  {called / studies:20.1%}   {low:27.0%}  {high:.0%}"
            )


# ---- pruning


def by_pruner(own: Scores, earlier: Scores) -> int:
    """Stop as vaebench does."""
    pruner = Pruner(len(own))
    for number, values in enumerate(earlier):
        pruner.finish(number, tuple(values))
    looks = levels(len(own))
    return next((n for n in looks if pruner.verdict(tuple(own[:n]), len(earlier)) is not None), len(own))


def by_the_luckiest(own: Scores, earlier: Scores) -> int:
    """Stop as vaebench did: each look at 10 %, beside the trial that is best on all replicates."""
    if not len(earlier):
        return len(own)
    best = earlier[earlier.mean(axis=1).argmin()]
    return next((n for n in levels(len(own)) if worse(own[:n], best[:n], 0.1)), len(own))


RULES: dict[str, Stops] = {"now": by_pruner, "before": by_the_luckiest}


def pruned(scores: Scores, studies: int) -> None:
    """Print how often a trial is pruned that has as many equal ones before it, and one that is worse."""
    random = np.random.default_rng(2)
    print("\nearlier trials  worse by  pruned now  before")
    for earlier, worse_by in ((1, 0.0), (5, 0.0), (30, 0.0), (30, 0.05), (30, 0.1), (30, 0.2)):
        stopped = dict.fromkeys(RULES, 0)
        for _ in range(studies):
            rows = scores[random.choice(DRAWS, 16, replace=False)][:, random.permutation(COPIES)[: earlier + 1]].T
            for name, rule in RULES.items():
                stopped[name] += rule(rows[0] * (1 + worse_by), rows[1:]) < 16
        now, before = (stopped[name] / studies for name in ("now", "before"))
        print(f"{earlier:14}  {worse_by:8.0%}  {now:10.1%}  {before:6.1%}")


def replayed(trials: Scores, rule: Stops, batch: int = 4) -> list[int]:
    """Return how many replicates each trial of a study would have had, in the order in which they were asked."""
    whole: list[int] = []
    had = []
    for number, own in enumerate(trials):
        known = max(0, (number // batch - 1) * batch)
        had.append(rule(own, trials[[other for other in whole if other < known]]))
        if had[-1] == len(own):
            whole.append(number)
    return had


def saving() -> None:
    """Print what pruning saves of a study that was run without it, and how many of its ten best it stops."""
    trials = np.array(json.loads(TRIALS.read_text()))
    best = trials.mean(axis=1).argsort()[:10]
    print(f"\nof {len(trials)} trials  pruned after 4, 8, 12  fits saved  of the ten best pruned")
    for name, rule in RULES.items():
        had = np.array(replayed(trials, rule))
        counts = ", ".join(str(int(np.sum(had == n))) for n in (4, 8, 12))
        print(f"{name:13}  {counts:>22}  {1 - had.sum() / trials.size:10.0%}  {int(np.sum(had[best] < 16)):22}")


def main() -> None:
    """Print the tables of the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies per row")
    options = parser.parse_args()
    scores = copies()
    ties(scores, options.studies)
    pruned(scores, options.studies)
    saving()


if __name__ == "__main__":
    main()
