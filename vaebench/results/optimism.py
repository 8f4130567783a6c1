"""Selection optimism: how much better the chosen trials looked in the search than they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vaebench.errors import InputError
from vaebench.results.standings import REFITTED, Standing, Standings
from vaebench.scoring.baseline_scores import baseline
from vaebench.scoring.score import mean_score, score
from vaebench.study.records import Result


@dataclass(frozen=True)
class Optimism:
    """Selection optimism of a study's trials that were chosen by their search score."""

    trials: int
    """How many trials were chosen."""
    searched: float
    """Their mean search score."""
    confirmed: float
    """Their mean score on the confirmation draws that all of them have."""
    draws: float
    """How much harder the confirmation draws are than the search draws: the rise of a baseline's score."""
    baseline: str
    """That baseline: the one that defines the unit of the score; the best other one if that knows more than the rows,
    copies them, or was not scored."""
    error: float
    """Standard error of `selection`, over the draws of both phases; NaN if a phase has a single draw."""
    among: int | None = None
    """How many confirmation draws all of them have; None if that is all draws."""

    @property
    def selection(self) -> float:
        """Selection optimism: confirmed - searched - draws."""
        return self.confirmed - self.searched - self.draws


def optimism(standings: Standings) -> Optimism | None:
    """Measure selection optimism over the confirmed trials chosen by score alone, not as the best of a variant or arm.

    With the mean score s of these trials and the score b of the baseline on the same draw,

        selection = mean (s - b) over confirmation draws - mean (s - b) over search draws

    None if no trial is confirmed, or no such baseline, or if none was chosen.
    """
    if not selected(standings):
        return None
    record, rows = standings.record, [row for row in standings.rows if row.status in REFITTED]
    top = record.definition.confirm_top
    chosen = sorted((row for row in rows if row.trial and not row.trial.pruned), key=_searched)[:top]
    baselines = [row for row in rows if row.kind == "baseline" and row.search and _fair(row.name)]
    unit = record.attainable.baseline
    beside = next((row for row in baselines if row.name == unit), next(iter(baselines), None))
    if not chosen or beside is None:
        return None
    draws = min(len(row.results) for row in (*chosen, beside))
    searched = _beyond([row.search for row in chosen], beside.search, beside)
    confirmed = _beyond([row.results[:draws] for row in chosen], beside.results[:draws], beside)
    errors = [
        differences.var(ddof=1) / len(differences) if len(differences) > 1 else np.nan
        for differences in (searched, confirmed)
    ]
    return Optimism(
        trials=len(chosen),
        searched=float(np.mean([_searched(row) for row in chosen])),
        confirmed=float(np.mean([row.scores[:draws] for row in chosen])),
        draws=float(np.mean(beside.scores[:draws])) - _searched(beside),
        among=draws if draws < len(beside.scores) else None,
        baseline=beside.name,
        error=float(np.sqrt(sum(errors))),
    )


def _fair(name: str) -> bool:
    """Return whether the baseline learns from the rows alone, and more than to copy them, as trials do."""
    try:
        return not (baseline(name).copies or baseline(name).oracle)
    except InputError:  # its file was removed since
        return False


def selected(standings: Standings) -> bool:
    """Return whether the confirmed trials were chosen among others. If all are confirmed, none had the luck of it."""
    return any(row.trial and row.status in ("searched", "pruned") for row in standings.rows)


def _beyond(trials: Sequence[Sequence[Result]], baseline: Sequence[Result], row: Standing) -> NDArray[np.float64]:
    """Return the trials' mean score minus the baseline's, on each draw that all of them have."""
    draws = min(len(results) for results in (*trials, baseline))
    *of_trials, other = (
        np.array([score(result.metrics, row.attainable) for result in results[:draws]])
        for results in (*trials, baseline)
    )
    beyond: NDArray[np.float64] = np.mean(of_trials, axis=0) - other
    return beyond


def _searched(row: Standing) -> float:
    return mean_score(row.search, row.attainable)
