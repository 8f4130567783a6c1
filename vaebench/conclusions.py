"""What a leaderboard says, in words: how good the best trial is, how much of that was luck, and why it is off."""

from dataclasses import dataclass

import numpy as np

from vaebench.diagnosis import REMEDIES
from vaebench.intervals import interval, tied
from vaebench.ranking import Standing, best_trial, standings
from vaebench.records import StudyRecord, TrialRecord
from vaebench.scoring import mean_metrics, mean_score


@dataclass(frozen=True)
class Optimism:
    """How much better the trials that the search chose by their score looked there than they are."""

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
    """Measure it over the confirmed trials that were chosen by score alone, not as the best of their variant.

    None where nothing is confirmed, or no baseline came through.
    """
    rows = [row for row in standings(record) if row.status == "confirmed"]
    top = record.definition.get("confirm", {}).get("top", len(rows))
    chosen = sorted((row for row in rows if row.trial), key=_searched)[:top]
    best = next((row for row in rows if row.kind == "baseline" and row.search), None)
    if not chosen or best is None:
        return None
    return Optimism(
        searched=float(np.mean([_searched(row) for row in chosen])),
        confirmed=float(np.mean([np.mean(row.scores) for row in chosen])),
        draws=float(np.mean(best.scores)) - _searched(best),
        baseline=best.name,
    )


def conclusions(record: StudyRecord) -> list[str]:
    """Return a sentence or two on each: the best trial beside the best baseline, selection optimism, the diagnosis."""
    best = best_trial(record)
    if best is None:
        return []
    return [*answer(record), *(f"Trial {best.number}, {name}: {text}" for name, text in findings(best))]


def answer(record: StudyRecord) -> list[str]:
    """Return what the study answers: the best trial beside the best baseline, and selection optimism."""
    rows = standings(record)
    best = next((row for row in rows if row.ranked), None)
    if best is None:
        return []
    lines = [f"Score 1 is what can be expected of {record.attainable_by}."] if record.attainable_by else []
    rival = next((row for row in rows if row.kind == "baseline" and row.status == best.status), None)
    lines.append(_best(record, best, rival))
    if rival is not None and "correlation_error" in best.results[0].metrics:
        own, other = (mean_metrics(row.results)["correlation_error"] for row in (best, rival))
        lines.append(
            "The score sees columns one by one. How well their relation is kept: "
            f"correlation_error {own:.3f}, {rival.name} {other:.3f}."
        )
    if found := optimism(record):
        lines.append(
            f"The best of the search scored {found.searched:.2f} there and {found.confirmed:.2f} on {_draws(record)}: "
            f"{found.draws:+.2f} since these are {'harder' if found.draws > 0 else 'easier'} (so much {found.baseline} "
            f"changed), {found.selection:+.2f} is selection optimism, the luck of being chosen."
        )
    return lines


def findings(trial: TrialRecord) -> list[tuple[str, str]]:
    """Return why a trial is off, worst first: the reason's name, and a sentence on it and on what to change."""
    found = trial.diagnosis.findings if trial.diagnosis else ()
    return [(one.name, f"{one.text} {REMEDIES[one.name]}".rstrip()) for one in found]


def _best(record: StudyRecord, best: Standing, rival: Standing | None) -> str:
    assert best.trial is not None
    low, high = interval(best.scores)
    where = f"{len(best.scores)} {_draws(record) if best.status == 'confirmed' else 'search draws'}"
    head = f"Best: trial {best.trial.number} ({best.name}), score {np.mean(best.scores):.2f} on {where}"
    head += "." if np.isnan(low) else f", 95 % interval {low:.2f} to {high:.2f}."
    if rival is None:
        return head
    pairs = min(len(rival.scores), len(best.scores))
    own, other = best.scores[:pairs], rival.scores[:pairs]
    than = f"{rival.name}, the best baseline ({np.mean(rival.scores):.2f})"
    if tied(own, other):
        return f"{head} A paired test cannot tell it from {than}."
    return f"{head} By a paired test it is {'better' if np.mean(own) < np.mean(other) else 'worse'} than {than}."


def _draws(record: StudyRecord) -> str:
    return "other splits of the same rows" if "file" in record.definition.get("data", {}) else "fresh draws"


def _searched(row: Standing) -> float:
    return mean_score(row.search, row.attainable)
