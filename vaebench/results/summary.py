"""The results in sentences: how good the best trial is, how much of that was luck, and what is wrong with it."""

import numpy as np

from vaebench.results.controlled import without_luck
from vaebench.results.optimism import Optimism, optimism
from vaebench.results.standings import REFITTED, Standing, Standings
from vaebench.scoring.baseline_scores import copies
from vaebench.scoring.intervals import interval
from vaebench.scoring.score import far_off, mean_metrics
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.trial.diagnosis import PLAIN, REMEDIES

OUTSIDE = 0.01
"""Smallest share of values outside the range of the data that is told."""


def summary(standings: Standings) -> list[str]:
    """Return sentences on the best trial against the best baseline, on selection optimism, and on the diagnosis."""
    best = standings.best
    if best is None:
        return []
    return [*answer(standings), *(f"Trial {best.number}, {name}: {text}" for name, text in findings(best))]


def answer(standings: Standings) -> list[str]:
    """Return the study's answer: the best trial against the best baseline, and selection optimism."""
    record, best = standings.record, standings.best
    if best is None:
        return []
    row = standings.ranked[0]
    baseline = _best_baseline(standings, row)
    lines = [f"Best: {worth(standings, best.number)}", *_without_luck(standings, row)]
    pairwise = [name for name in ("correlation_error", "association_error") if name in row.results[0].metrics]
    if baseline is not None and pairwise:
        seen = "copula_error" in record.attainable.metrics
        relation = ("copula_error", *pairwise) if seen else pairwise
        means = [mean_metrics(each.results) for each in (row, baseline)]
        told = (f"{name} {means[0][name]:.3f}, {baseline.name} {means[1][name]:.3f}" for name in relation)
        head = "" if seen else "The score sees columns one by one. "
        lines.append(f"{head}How well the relation of columns is kept: {'; '.join(told)}.")
    lines += _far(row)
    lines += _outside(row, record)
    lines += _arms(standings)
    if found := optimism(standings):
        lines.append(_luck(found, _draws(record)))
    lines += _scatter(standings)
    if record.attainable.draws:
        lines.append(f"Score 1 is what can be expected of {record.attainable.source}.")
    return lines


def _without_luck(standings: Standings, row: Standing) -> list[str]:
    """Return a sentence on the score less the luck of the draws, where that is known more closely."""
    if (found := without_luck(standings, row)) is None:
        return []
    score, tied = found
    unit = standings.record.attainable.baseline
    beside = next(other for other in standings.rows if other.kind == "baseline" and other.name == unit)
    mean = np.mean(beside.scores)
    whichever = f" (it holds for whichever of {tied} tied trials is the luckiest)" if tied > 1 else ""
    return [
        f"These draws were {'harder' if mean > 1 else 'easier'} than most: {unit} has {mean:.2f} on them, where 1 is "
        f"expected. Corrected for that, {score.mean:.2f} is expected of the best trial on other draws, 95 % interval "
        f"{score.low:.2f} to {score.high:.2f}{whichever}. That is no test against {unit}."
    ]


def findings(trial: TrialRecord) -> list[tuple[str, str]]:
    """Return the findings on a trial, worst first: each one's name, and a sentence on it and on what to change."""
    found = trial.diagnosis.findings if trial.diagnosis else ()
    return [(finding.name, f"{finding.text} {REMEDIES[finding.name]}".rstrip()) for finding in found]


def no_finding(trial: TrialRecord) -> str:
    """Return what the diagnosis of a trial without findings measured."""
    measured = trial.diagnosis.evidence if trial.diagnosis else {}
    if not measured:
        return "It could not be diagnosed: it broke down on the draws of the diagnosis."
    of = {name: f"{measured[f'{name}.score']:.2f}" for name in ("as_is", "codes", "noise", "codes_noise")}
    return (
        f"No single part explains a difference of {PLAIN} or more: score {of['as_is']} as it is, {of['codes']} with "
        f"the codes of the training rows, {of['noise']} with decoder noise, {of['codes_noise']} with both."
    )


def worth_of_baseline(standings: Standings, name: str) -> str:
    """Return the score of the baseline called `name`, on which draws, and whether it copies rows."""
    row = next(row for row in standings.rows if row.kind == "baseline" and row.name == name)
    copied = " Its rows are training rows, or blends of near ones." if copies(name) else ""
    return f"baseline {name}, {_score(standings, row)}{copied}"


def _score(standings: Standings, row: Standing) -> str:
    low, high = interval(row.scores)
    where = f"{len(row.scores)} {_draws(standings.record) if row.status in REFITTED else 'search draws'}"
    head = f"score {np.mean(row.scores):.2f} on {where}"
    return head + ("." if np.isnan(low) else f", 95 % interval {low:.2f} to {high:.2f}.")


def worth(standings: Standings, number: int) -> str:
    """Return the score of trial `number`, on which draws, and whether a test tells it from the best baseline there."""
    row = standings.row(number)
    confirmed = row.status == "confirmed"
    head = f"trial {number} ({row.name}), {_score(standings, row)}"
    if row.status == "eliminated":
        return f"{head} It got no more, since it is {row.eliminated}."
    if not confirmed:
        head += " It is not confirmed: the best of many trials is the luckiest, too."
    baseline = _best_baseline(standings, row)
    if baseline is None:
        return head
    than = f"{baseline.name}, the best baseline that copies no rows ({np.mean(baseline.scores):.2f})"
    if not confirmed:
        return f"{head} Beside it on these draws: {than}."
    told = standings.tied(row, baseline)
    if told is None:
        return f"{head} These draws are too few to test it against {than}."
    if told:
        return f"{head} A paired test cannot tell it from {than}."
    common = min(len(row.scores), len(baseline.scores))
    better = np.mean(row.scores[:common]) < np.mean(baseline.scores[:common])
    return f"{head} By a paired test it is {'better' if better else 'worse'} than {than}."


def _best_baseline(standings: Standings, row: Standing) -> Standing | None:
    """Return the best baseline on the draws of `row`, without those that copy training rows, which nobody wants."""
    baselines = (other for other in standings.rows if other.kind == "baseline" and other.status == row.status)
    return next((other for other in baselines if not copies(other.name)), None)


def _far(row: Standing) -> list[str]:
    """Return a sentence on the errors that are far off what is attainable."""
    means = mean_metrics(row.results)
    told = [f"its {name} is {ratio:.2g} times" for name, ratio in far_off(means, row.attainable).items()]
    if not told:
        return []
    unit = row.attainable.baseline or "a baseline"
    line = f"Far from attainable, whatever the score: {' and '.join(told)} that of {unit}"
    columns = {name.partition(".")[2]: value for name, value in means.items() if name.startswith("ks.")}
    if columns:
        line += f"; of the columns, {max(columns, key=lambda name: columns[name])} has the largest ks"
    why = 'Numbers that many rows repeat are hardly ever drawn exactly, but with scaling = "quantile".'
    return [f"{line}. {why}"]


def _scatter(standings: Standings) -> list[str]:
    """Return a sentence on what the noise floor says where the true samples are few, as those of a file are."""
    floor = next((row for row in standings.rows if row.kind == "floor" and row.scores), None)
    if floor is None or standings.record.definition.fresh_draws:
        return []
    return [
        f"Of every score about {np.mean(floor.scores):.2f} is scatter of the few true samples: perfect rows have it."
    ]


def _outside(row: Standing, record: StudyRecord) -> list[str]:
    """Return a sentence on the column of which most values are outside the range of the data, if they are many."""
    means, columns = mean_metrics(row.results), record.columns
    names = {"outside_range": columns[0]} if len(columns) == 1 else {f"outside_range.{name}": name for name in columns}
    shares = {column: means[name] for name, column in names.items() if name in means}  # the first records have none
    rows = record.definition.rows + (record.definition.true if record.definition.fresh_draws else 0)
    expected = 2 / (rows + 1)
    column = max(shares, key=lambda name: shares[name], default="")
    if not shares or shares[column] < max(OUTSIDE, 2 * expected):
        return []
    return [
        f"Outside the range of the data are {shares[column]:.1%} of its values of {column}; of fresh rows it would be "
        f"{expected:.1%}."
    ]


def _arms(standings: Standings) -> list[str]:
    """Return a sentence that compares the best trials of the arms, if there are several arms."""
    best: dict[str, Standing] = {}
    for row in standings.ranked:
        if row.trial:
            best.setdefault(row.trial.arm, row)
    if len(best) < 2:
        return []
    first, *others = best.values()
    if first.status != "confirmed":
        return [f"Of the arms, each by its best trial, none of them confirmed: {', '.join(map(_arm, best.values()))}."]
    said = {True: "cannot be told from it", False: "worse", None: "too few draws to test"}
    early = "plainly worse on the first draws, so it got no more"
    verdicts: dict[str, list[str]] = {name: [] for name in (*said.values(), early, "not confirmed")}
    for row in others:
        verdict = said[standings.tied(row, first)] if row.status == first.status else "not confirmed"
        if row.status == "eliminated":
            verdict = early
        verdicts[verdict].append(_arm(row))
    told = [f"{_arm(first)} is best", *(f"{name}: {', '.join(arms)}" for name, arms in verdicts.items() if arms)]
    return [f"Of the arms, each by its best trial and a paired test: {'; '.join(told)}."]


def _arm(row: Standing) -> str:
    assert row.trial is not None
    return f"{row.trial.arm} (trial {row.trial.number}, {np.mean(row.scores):.2f})"


def _luck(found: Optimism, draws: str) -> str:
    many = f"{found.trials} best trials" if found.trials > 1 else "best trial"
    harder = {1: "harder", 0: "as hard", -1: "easier"}[int(np.sign(round(found.draws, 2)))]
    unsure = "" if found.selection > 2 * found.error else ", not surely more than none"
    where = draws if found.among is None else f"the first {found.among} {draws}"
    error = "" if np.isnan(found.error) else f" (standard error {found.error:.2f})"
    return (
        f"The {many} of the search scored {found.searched:.2f} there and {found.confirmed:.2f} on {where}. "
        f"By what {found.baseline} changed, {found.draws:+.2f}, these are {harder}. "
        f"The rest, {found.selection:+.2f}{error}, is selection optimism, the luck of being chosen{unsure}."
    )


def _draws(record: StudyRecord) -> str:
    return "fresh draws" if record.definition.fresh_draws else "other splits of the same rows"
