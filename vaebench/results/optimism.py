"""Selection optimism: how much better the trials that the search chose looked there than they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.results.standings import Standing, Standings
from vaebench.scoring.score import mean_score, score
from vaebench.study.records import Result


@dataclass(frozen=True)
class Optimism:
    """How much better the trials that were chosen by their search score looked there than they are."""

    trials: int
    """How many were chosen."""
    searched: float
    """Their mean search score."""
    confirmed: float
    """Their mean score on the confirmation's draws."""
    draws: float
    """How much harder than the search's draws the confirmation's are: what a baseline's score rose by."""
    baseline: str
    """That baseline: the one whose expected errors are the unit of the score."""
    error: float
    """Standard error of `selection`, over the draws of both; NaN where one of them is a single draw."""

    @property
    def selection(self) -> float:
        """Selection optimism: confirmed - searched - draws."""
        return self.confirmed - self.searched - self.draws


def optimism(standings: Standings) -> Optimism | None:
    """Measure it over the confirmed trials that were chosen by score alone, not as the best of their variant.

    With the chosen trials' mean score s and the baseline's b on each draw, draws being the same for both,

        selection = mean (s - b) over confirmation draws - mean (s - b) over search draws

    None where nothing is confirmed, or the baseline did not come through.
    """
    record, rows = standings.record, [row for row in standings.rows if row.status == "confirmed"]
    top = record.definition.confirm_top
    chosen = sorted((row for row in rows if row.trial and not row.trial.pruned), key=_searched)[:top]
    baselines = [row for row in rows if row.kind == "baseline" and row.search]
    unit = record.attainable.baseline
    baseline = next((row for row in baselines if row.name == unit), next(iter(baselines), None))
    if not chosen or baseline is None:
        return None
    searched = _beyond([row.search for row in chosen], baseline.search, baseline)
    confirmed = _beyond([row.results for row in chosen], baseline.results, baseline)
    errors = [
        differences.var(ddof=1) / len(differences) if len(differences) > 1 else np.nan
        for differences in (searched, confirmed)
    ]
    return Optimism(
        trials=len(chosen),
        searched=float(np.mean([_searched(row) for row in chosen])),
        confirmed=float(np.mean([np.mean(row.scores) for row in chosen])),
        draws=float(np.mean(baseline.scores)) - _searched(baseline),
        baseline=baseline.name,
        error=float(np.sqrt(sum(errors))),
    )


def _beyond(trials: Sequence[Sequence[Result]], baseline: Sequence[Result], row: Standing) -> NDArray[np.float64]:
    """Return the trials' mean score less the baseline's, on each draw that all of them have."""
    draws = min(len(results) for results in (*trials, baseline))
    *of_trials, other = (
        np.array([score(one.metrics, row.attainable) for one in results[:draws]]) for results in (*trials, baseline)
    )
    beyond: NDArray[np.float64] = np.mean(of_trials, axis=0) - other
    return beyond


def _searched(row: Standing) -> float:
    return mean_score(row.search, row.attainable)
