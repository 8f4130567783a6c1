"""Attainable: the error the best fitting baseline is expected to have from as many rows.

Two stages. Screening scores every baseline that suits the data set, and copies nothing, on the same few draws; the one
whose mean ks is lowest is then scored on many fresh draws (on the screening's, the winner would look better than it
is). Draw i is the same rows whoever asks, so a range of draws may be scored anywhere, in pieces of any size:

    attainable                                                     all of it, one after the other
    suitable, attainable_draws, best_of, final_draws, combine       its steps, to spread over workers
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vaebench.data_sets import DataSet
from vaebench.errors import InputError
from vaebench.rows import MAIN_METRICS
from vaebench.scoring.baseline_scores import FLOOR, baseline, baseline_names, evaluate_baseline
from vaebench.study.records import Attainable, Result
from vaebench.study.replicate import Replicate

VERSION = 1
"""To be raised where the simulation, a baseline or a data set gives other numbers: results are kept under it."""

SCREENING = 60
"""Draws that every baseline is screened on. Paired differences in ks are known to a few per cent of it; baselines that
are closer than that give about the same scale, whichever is taken."""
CLOSE, PREFERRED = 0.05, "true_family"

DRAWS = 2000
"""Draws that the winner is scored on. An error that is |normal| varies by 76 % of its mean from draw to draw, so that
2,000 draws know each mean to 1.7 %, and ks to 1.2 %."""

SPLITS = 500
"""The same for a file, whose draws are splits of the same rows: more of them know little more."""


def attainable(first: Replicate, screening: int = SCREENING, draws: int | None = None) -> Attainable:
    """Return the expected errors of the baseline whose mean ks is lowest, by simulation; `first` is draw 0.

    `draws` is DRAWS, for a file SPLITS, where it is not given. Raises InputError where no baseline can be scored.
    """
    screened = {name: attainable_draws(first, name, 0, screening) for name in suitable(first.data_set)}
    name = best_of(screened)
    start, stop = final_draws(first, screening, draws)
    return combine(name, attainable_draws(first, name, start, stop))


def suitable(data_set: DataSet) -> tuple[str, ...]:
    """Return the baselines that may set what is attainable: those that suit `data_set` and copy no training rows."""
    return tuple(name for name in baseline_names(data_set) if name != FLOOR and not baseline(name).copies)


def attainable_draws(first: Replicate, name: str, start: int, stop: int) -> tuple[Result, ...]:
    """Score baseline `name` on draws `start` to `stop` - 1; a draw it cannot be scored on has a reason."""
    return tuple(evaluate_baseline(name, replace(first, index=index)) for index in range(start, stop))


def best_of(screened: Mapping[str, Sequence[Result]]) -> str:
    """Return the baseline whose mean ks is lowest, those left out that fail on any draw; equal ones by name.

    It is true_family where that one's ks is within CLOSE of the lowest: none is expected to be better, and the mixture
    that comes as close on data with clusters takes ten times as long. Raises InputError, with every baseline's reason,
    where none is left.
    """
    reasons = {name: [one.reason for one in results if one.reason] for name, results in screened.items()}
    means = {name: _values(results, "ks").mean() for name, results in screened.items() if not reasons[name]}
    if not means:
        each = (f"{name}: {found[0]} ({len(found)} of {len(screened[name])} draws)" for name, found in reasons.items())
        raise InputError(f"no baseline can be scored on these rows: {'; '.join(each)}")
    best = min(sorted(means), key=lambda name: means[name])
    return PREFERRED if means.get(PREFERRED, np.inf) <= (1 + CLOSE) * means[best] else best


def final_draws(first: Replicate, screening: int = SCREENING, draws: int | None = None) -> tuple[int, int]:
    """Return the first draw that the winner is scored on, and the one after the last: none of the screening's."""
    many = DRAWS if first.data_set.available_rows is None else SPLITS
    return screening, screening + (many if draws is None else draws)


def combine(name: str, results: Sequence[Result]) -> Attainable:
    """Return the means over all draws of baseline `name`, those left out that it could not be scored on.

    Exact whatever the pieces were, given in the draws' order. Raises InputError where fewer than two are left.
    """
    scored = [result for result in results if not result.reason]
    if len(scored) < 2:
        reason = next((result.reason for result in results if result.reason), f"{len(results)} draws")
        raise InputError(f"baseline {name!r} can be scored on {len(scored)} of {len(results)} draws: {reason}")
    values = {metric: _values(scored, metric) for metric in MAIN_METRICS}
    return Attainable(
        metrics={metric: float(errors.mean()) for metric, errors in values.items()},
        standard_errors={metric: float(errors.std(ddof=1) / np.sqrt(len(errors))) for metric, errors in values.items()},
        baseline=name,
        draws=len(scored),
    )


def _values(results: Sequence[Result], metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([result.metrics[metric] for result in results])
