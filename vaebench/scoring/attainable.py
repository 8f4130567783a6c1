"""The attainable errors: those expected of the best baseline, fitted to as many rows.

They are simulated in two stages. Screening scores every baseline that suits the data set and that a generator could
equal on the same few draws. The one with the lowest geometric mean of the errors is then scored on many fresh draws: on
those of the screening the winner would look better than it is. Draw i always has the same rows, so draws can be scored
anywhere, in pieces of any size:

    attainable                                                     the whole simulation, in sequence
    suitable, attainable_draws, best_of, final_draws, combine       its steps, to spread over workers
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vaebench.data_sets import DataSet, split_sizes
from vaebench.errors import InputError
from vaebench.rows import SCORED
from vaebench.scoring.baseline_scores import FLOOR, baseline, baseline_names, evaluate_baseline
from vaebench.study.records import Attainable, Result
from vaebench.study.replicate import Replicate

VERSION = 7
"""Part of the cache's key: raise it if the simulation, a baseline or a data set gives other numbers than before."""

SCREENING = 60
"""Draws that every baseline is screened on. They give paired differences to a few per cent; baselines closer than that
give about the same unit, whichever is taken."""
CLOSE, PREFERRED = 0.05, "true_family"

DRAWS = 2000
"""Draws that the winner is scored on. An error that is |normal| varies by 76 % of its mean from draw to draw, so 2,000
draws give each mean to 1.7 %, and ks to 1.2 %."""
MOST_ROWS = 2_000_000
"""Training rows of all these draws together, at most: a mixture of 10,000 rows takes seconds to fit. With 10,000 rows
there are 200 draws, which give each mean to 5 %."""
FEWEST = 60
"""Draws there are in any case."""

SPLITS = 500
"""The same for a file. Its draws are splits of the same rows, so more of them would add little."""


def attainable(first: Replicate, screening: int = SCREENING, draws: int | None = None) -> Attainable:
    """Return the expected errors of the baseline with the best whole score, by simulation; `first` is draw 0.

    `draws` defaults to DRAWS, or SPLITS for a file, fewer of many rows. Raises InputError if no baseline can be scored.
    """
    screened = {name: attainable_draws(first, name, 0, screening) for name in suitable(first.data_set)}
    name = best_of(screened)
    start, stop = final_draws(first, screening, draws)
    return combine(name, attainable_draws(first, name, start, stop))


def suitable(data_set: DataSet) -> tuple[str, ...]:
    """Return the baselines that may define the attainable errors: those that suit `data_set` and are `reachable`."""
    return tuple(name for name in baseline_names(data_set) if name != FLOOR and baseline(name).reachable(data_set))


def attainable_draws(first: Replicate, name: str, start: int, stop: int) -> tuple[Result, ...]:
    """Score baseline `name` on draws `start` to `stop` - 1. If a draw cannot be scored, its result has the reason."""
    return tuple(evaluate_baseline(name, replace(first, index=index)) for index in range(start, stop))


def best_of(screened: Mapping[str, Sequence[Result]]) -> str:
    """Return the baseline with the best whole score, the first by name of equals. Those that fail on a draw are out.

    The whole score is the geometric mean of the mean errors: it needs no unit, and with the errors of its winner as the
    unit no other baseline's score, an arithmetic mean of ratios whose geometric mean is at least 1, is below 1.

    If true_family is within CLOSE of the lowest, it is true_family: none is expected to be better, and the mixture that
    comes as close on clustered data takes ten times as long. Raises InputError, with every baseline's reason, if none
    is left.
    """
    reasons = {name: [result.reason for result in results if result.reason] for name, results in screened.items()}
    means = {name: _geometric_mean(results) for name, results in screened.items() if not reasons[name]}
    if not means:
        each = (f"{name}: {found[0]} ({len(found)} of {len(screened[name])} draws)" for name, found in reasons.items())
        raise InputError(f"no baseline can be scored on these rows: {'; '.join(each)}")
    best = min(sorted(means), key=lambda name: means[name])
    return PREFERRED if means.get(PREFERRED, np.inf) <= (1 + CLOSE) * means[best] else best


def final_draws(first: Replicate, screening: int = SCREENING, draws: int | None = None) -> tuple[int, int]:
    """Return the first draw on which the winner is scored and the one after the last: none of the screening."""
    if draws is None:
        many = DRAWS if first.data_set.available_rows is None else SPLITS
        train, _ = split_sizes(first.rows, first.test_fraction)
        draws = min(many, max(FEWEST, MOST_ROWS // train))
    return screening, screening + draws


def combine(name: str, results: Sequence[Result]) -> Attainable:
    """Return the means and standard errors of baseline `name` over the draws on which it could be scored.

    `results` are in the order of the draws, so the means do not depend on how these were split into pieces. Raises
    InputError if fewer than two draws could be scored, or if an error is 0 on all of them, which is no unit.
    """
    scored = [result for result in results if not result.reason]
    if len(scored) < 2:
        reason = next((result.reason for result in results if result.reason), f"{len(results)} draws")
        raise InputError(f"baseline {name!r} can be scored on {len(scored)} of {len(results)} draws: {reason}")
    values = {metric: _values(scored, metric) for metric in SCORED if metric in scored[0].metrics}
    if exact := [metric for metric, errors in values.items() if not errors.any()]:
        raise InputError(f"{exact[0]} of baseline {name!r} is 0 on all {len(scored)} draws: are their rows all equal?")
    return Attainable(
        metrics={metric: float(errors.mean()) for metric, errors in values.items()},
        standard_errors={metric: float(errors.std(ddof=1) / np.sqrt(len(errors))) for metric, errors in values.items()},
        baseline=name,
        draws=len(scored),
        chosen_by="score",
    )


def _geometric_mean(results: Sequence[Result]) -> float:
    with np.errstate(divide="ignore"):  # an error that is always 0: `combine` refuses it
        means = [_values(results, metric).mean() for metric in SCORED if metric in results[0].metrics]
        return float(np.exp(np.log(means).mean()))


def _values(results: Sequence[Result], metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([result.metrics[metric] for result in results])
