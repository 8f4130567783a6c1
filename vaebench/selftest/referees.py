"""The referees: generators with a known flaw, which the leaderboard must rank behind Gaussian maximum likelihood."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from vaebench.data_sets.distribution import Distribution
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.rows import MAIN_METRICS, Metrics, Rows
from vaebench.scoring.baseline_scores import baseline
from vaebench.scoring.score import mean_metrics, measure
from vaebench.seeds import generator
from vaebench.selftest.check import Check
from vaebench.study.file import from_plain
from vaebench.study.records import Attainable, Result, StudyRecord, TrialRecord
from vaebench.study.replicate import Replicate

REPLICATES = 60
"""The copycat is the closest to the best. Measured: its score is higher by 0.31 on average, and paired differences have
a standard deviation of 0.14, so 60 pairs tell them apart by 17 standard errors."""
GENERATED = 15_000
TRUTH = Distribution("norm", (("loc", 100.0), ("scale", 10.0)))

DEFINITION = from_plain({"study": {"name": "selftest"}, "data": {"distribution": TRUTH.plain()}})

Generate = Callable[[Rows, int, np.random.Generator], Rows]


def gaussian(train: Rows, n: int, random: np.random.Generator) -> Rows:
    """Gaussian maximum likelihood."""
    return baseline("gaussian").generate(train, n, random, TRUTH)


def half_std(train: Rows, n: int, random: np.random.Generator) -> Rows:
    """Gaussian maximum likelihood with half the standard deviation."""
    rows: Rows = 0.5 * gaussian(train, n, random) + 0.5 * train.mean(axis=0)
    return rows


def shifted(train: Rows, n: int, random: np.random.Generator) -> Rows:
    """Gaussian maximum likelihood, its mean shifted by half a standard deviation."""
    rows: Rows = gaussian(train, n, random) + 0.5 * train.std(axis=0)
    return rows


def copycat(train: Rows, n: int, random: np.random.Generator) -> Rows:
    """Training rows, drawn with replacement."""
    return baseline("bootstrap").generate(train, n, random, TRUTH)


REFEREES: dict[str, Generate] = {"half the std": half_std, "shifted by half a std": shifted, "copycat": copycat}


def checks(referees: dict[str, Generate] = REFEREES) -> Iterator[Check]:
    """Yield a check per referee: its rank against Gaussian maximum likelihood (1.5 if a paired test ties them)."""
    replicates = [Replicate(TRUTH, 100, 0.33, GENERATED, GENERATED, 0, "search", index) for index in range(REPLICATES)]
    best = evaluated("gaussian", gaussian, replicates)
    means = mean_metrics(best)
    attainable = {name: means[name] for name in MAIN_METRICS}
    for name, generate in referees.items():
        rank, reason = math.nan, None
        try:
            rank = rank_behind(best, evaluated(name, generate, replicates), attainable)
        except Exception as error:  # a self-test reports what breaks, it does not break
            reason = f"{type(error).__name__}: {error}"
        yield Check(f"{name}: rank beside Gaussian maximum likelihood", 2.0, 0.0, rank, reason)


def evaluated(name: str, generate: Generate, replicates: list[Replicate]) -> tuple[Result, ...]:
    """Score a generator on every replicate, as baselines are scored."""
    results = []
    for replicate in replicates:
        draw = replicate.draw()
        rows = generate(draw.train, replicate.generated, generator("referee", name, replicate.seed))
        results.append(Result(metrics=measure(rows, draw, replicate.data_set, "attainable")))
    return tuple(results)


def rank_behind(best: tuple[Result, ...], other: tuple[Result, ...], attainable: Metrics) -> float:
    """Return the rank that the leaderboard gives `other` against `best`: 1, 2, or 1.5 for a tie."""
    trials = tuple(
        TrialRecord(number, {"variant": name}, results, 0.0, 1.0, confirmation=results)
        for number, (name, results) in enumerate((("best", best), ("other", other)))
    )
    board = leaderboard(standings(StudyRecord(DEFINITION, Attainable(attainable), trials)))
    row = board[board["variant"] == "other"].iloc[0]
    both_tied = bool(board["tied_with_best"].all())
    return 1.5 if both_tied else float(row["rank"])
