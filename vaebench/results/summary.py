"""What a leaderboard says, in words: how good the best trial is, how much of that was luck, and why it is off."""

from collections.abc import Sequence

import numpy as np

from vaebench.errors import InputError
from vaebench.results.leaderboard import Standing, best_trial, standings
from vaebench.results.optimism import Optimism, optimism
from vaebench.scoring.intervals import interval, tied
from vaebench.scoring.references import baseline
from vaebench.scoring.score import mean_metrics
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.trial.diagnosis import REMEDIES


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
    if best is None or best.trial is None:
        return []
    rival = _rival(rows, best)
    lines = [f"Best: {worth(record, best.trial.number)}"]
    if rival is not None and "correlation_error" in best.results[0].metrics:
        own, other = (mean_metrics(row.results)["correlation_error"] for row in (best, rival))
        lines.append(
            "The score sees columns one by one. How well their relation is kept: "
            f"correlation_error {own:.3f}, {rival.name} {other:.3f}."
        )
    lines += _sub_studies(rows)
    if found := optimism(record):
        lines.append(_luck(found, _draws(record)))
    if record.attainable_by:
        lines.append(f"Score 1 is what can be expected of {record.attainable_by} (ks, mean_error, std_error).")
    return lines


def findings(trial: TrialRecord) -> list[tuple[str, str]]:
    """Return why a trial is off, worst first: the reason's name, and a sentence on it and on what to change."""
    found = trial.diagnosis.findings if trial.diagnosis else ()
    return [(one.name, f"{one.text} {REMEDIES[one.name]}".rstrip()) for one in found]


def worth(record: StudyRecord, number: int) -> str:
    """Return what trial `number` scores, on which draws, and whether the best baseline on them can be told from it."""
    rows = standings(record)
    row = next(row for row in rows if row.trial and row.trial.number == number)
    low, high = interval(row.scores)
    where = f"{len(row.scores)} {_draws(record) if row.status == 'confirmed' else 'search draws'}"
    head = f"trial {number} ({row.name}), score {np.mean(row.scores):.2f} on {where}"
    head += "." if np.isnan(low) else f", 95 % interval {low:.2f} to {high:.2f}."
    if row.status != "confirmed":
        head += " It is not confirmed: the best of many trials is the luckiest, too."
    rival = _rival(rows, row)
    if rival is None:
        return head
    pairs = min(len(rival.scores), len(row.scores))
    own, other = row.scores[:pairs], rival.scores[:pairs]
    than = f"{rival.name}, the best baseline ({np.mean(rival.scores):.2f})"
    told = tied(own, other)
    if told is None:
        return f"{head} {pairs} draws are too few to test it against {than}."
    if told:
        return f"{head} A paired test cannot tell it from {than}."
    return f"{head} By a paired test it is {'better' if np.mean(own) < np.mean(other) else 'worse'} than {than}."


def _rival(rows: Sequence[Standing], row: Standing) -> Standing | None:
    """Return the best baseline on the draws of `row`; none that copies training rows, which nobody asks for."""
    baselines = (other for other in rows if other.kind == "baseline" and other.status == row.status)
    return next((other for other in baselines if not _copies(other.name)), None)


def _copies(name: str) -> bool:
    try:
        return baseline(name).copies
    except InputError:  # its file is gone since
        return False


def _sub_studies(rows: Sequence[Standing]) -> list[str]:
    """Say how the best trials of the sub-studies compare, where there are several."""
    best: dict[str, Standing] = {}
    for row in rows:
        if row.ranked and row.trial:
            best.setdefault(row.trial.arm, row)
    if len(best) < 2:
        return []
    first, *others = best.values()
    told = [f"{_arm(first)} is best"]
    for row in others:
        if row.status != first.status:
            told.append(f"{_arm(row)} is not confirmed")
        else:
            verdicts = {True: "cannot be told from it", False: "is worse", None: "has too few draws to test"}
            told.append(f"{_arm(row)} {verdicts[tied(row.scores, first.scores)]}")
    return [f"Of the sub-studies, each by its best trial and a paired test: {'; '.join(told)}."]


def _arm(row: Standing) -> str:
    assert row.trial is not None
    return f"{row.trial.arm} (trial {row.trial.number}, {np.mean(row.scores):.2f})"


def _luck(found: Optimism, draws: str) -> str:
    many = f"{found.trials} best trials" if found.trials > 1 else "best trial"
    harder = {1: "harder", 0: "as hard", -1: "easier"}[int(np.sign(round(found.draws, 2)))]
    unsure = "" if found.selection > 2 * found.error else ", not surely more than none"
    error = "" if np.isnan(found.error) else f" (standard error {found.error:.2f})"
    return (
        f"The {many} of the search scored {found.searched:.2f} there and {found.confirmed:.2f} on {draws}: "
        f"{found.draws:+.2f} since these are {harder} (so much {found.baseline} changed), "
        f"{found.selection:+.2f}{error} is selection optimism, the luck of being chosen{unsure}."
    )


def _draws(record: StudyRecord) -> str:
    return "other splits of the same rows" if "file" in record.definition.get("data", {}) else "fresh draws"
