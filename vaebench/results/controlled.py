"""The best trial's score without the luck of its draws, where the baseline behind score 1 shows it."""

import numpy as np

from vaebench.results.standings import Standing, Standings
from vaebench.scoring.control_variate import Controlled, controlled
from vaebench.scoring.intervals import interval


def without_luck(standings: Standings, row: Standing) -> tuple[Controlled, int] | None:
    """Return the score of a trial's `row` less the luck of its draws, and the number of trials tied with it.

    The row counts as tied with itself. None where the baseline's expectation is not known, since rows are those of a
    file; where it was not scored on all of these draws; for a row that is not confirmed; and where the interval is no
    narrower than the plain one.
    """
    record, unit = standings.record, standings.record.attainable
    beside = next((other for other in standings.rows if other.kind == "baseline" and other.name == unit.baseline), None)
    if not record.definition.fresh_draws or beside is None or {row.status, beside.status} != {"confirmed"}:
        return None
    if len(beside.scores) < len(row.scores):
        return None
    tied = sum(other.kind == "trial" and standings.tied(row, other) is True for other in standings.rows)
    # of a mean of ratios, whose errors may go together, at most the mean of their relative errors
    error = float(np.mean([unit.standard_errors[name] / unit.metrics[name] for name in unit.metrics]))
    found = controlled(row.scores, beside.scores[: len(row.scores)], error, max(tied, 1))
    low, high = interval(row.scores)
    return (found, max(tied, 1)) if found and found.high - found.low < high - low else None
