"""What a leaderboard says, in words: how good the best trial is, how much of that was luck, and why it is off."""

from dataclasses import dataclass

import numpy as np

from vaebench.intervals import interval, tied
from vaebench.ranking import Standing, standings
from vaebench.records import StudyRecord
from vaebench.scoring import mean_metrics, score


@dataclass(frozen=True)
class Optimism:
    """How much better the confirmed trials looked in the search, which chose them by that, than they are."""

    searched: float
    """Their mean search score."""
    confirmed: float
    """Their mean score on the confirmation's draws."""
    draws: float
    """How much harder than the search's draws the confirmation's are: what the best baseline's score rose by."""
    baseline: str
    """That baseline."""

    @property
    def selection(self) -> float:
        """Selection optimism: confirmed - searched - draws."""
        return self.confirmed - self.searched - self.draws


def optimism(record: StudyRecord) -> Optimism | None:
    """Measure it; None where nothing is confirmed, or no baseline came through."""
    rows = [row for row in standings(record) if row.status == "confirmed"]
    trials = [row for row in rows if row.trial]
    baselines = [row for row in rows if row.kind == "baseline" and row.search]
    if not trials or not baselines:
        return None
    best = baselines[0]
    return Optimism(
        searched=float(np.mean([_searched(row) for row in trials])),
        confirmed=float(np.mean([np.mean(row.scores) for row in trials])),
        draws=float(np.mean(best.scores)) - _searched(best),
        baseline=best.name,
    )


def conclusions(record: StudyRecord) -> list[str]:
    """Return a sentence or two on each: the best trial beside the best baseline, selection optimism, the diagnosis."""
    rows = standings(record)
    best = next((row for row in rows if row.ranked), None)
    if best is None or best.trial is None:
        return []
    lines = [_beside_baseline(best, rows)]
    found = optimism(record)
    if found is not None:
        lines.append(
            f"In the search the confirmed trials scored {found.searched:.2f}, on fresh draws {found.confirmed:.2f}; "
            f"the draws explain {found.draws:+.2f} of it ({found.baseline}), selection optimism {found.selection:+.2f}."
        )
    if best.trial.diagnosis is not None:
        reasons = [f"{finding.name}: {finding.text}" for finding in best.trial.diagnosis.findings]
        lines += [f"Why trial {best.trial.number} is off. {reason}" for reason in reasons]
    return lines


def _beside_baseline(best: Standing, rows: list[Standing]) -> str:
    assert best.trial is not None
    low, high = interval(best.scores)
    where = f"{len(best.scores)} {'fresh' if best.status == 'confirmed' else 'search'} draws"
    head = f"Best: trial {best.trial.number} ({best.name}), score {np.mean(best.scores):.2f} on {where}"
    head += "" if np.isnan(low) else f", 95 % interval {low:.2f} to {high:.2f}"
    rival = next((row for row in rows if row.kind == "baseline" and row.status == best.status), None)
    if rival is None:
        return f"{head}."
    pairs = min(len(rival.scores), len(best.scores))
    if tied(best.scores[:pairs], rival.scores[:pairs]):
        verdict = "cannot be told apart"
    else:
        verdict = "is better" if np.mean(best.scores) < np.mean(rival.scores) else "is worse"
    return (
        f"{head}. Beside {rival.name}, the best baseline ({np.mean(rival.scores):.2f}), it {verdict} by a paired test."
    )


def _searched(row: Standing) -> float:
    return score(mean_metrics(row.search), row.attainable)
