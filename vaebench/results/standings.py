"""Standings: all trials, baselines and the noise floor of a study, best first, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import inf, isfinite, nan
from typing import Literal

import numpy as np

from vaebench.errors import InputError, unknown
from vaebench.rows import MAIN_METRICS
from vaebench.scoring.paired_tests import MIN_PAIRS, told_apart
from vaebench.scoring.race import race
from vaebench.scoring.score import score
from vaebench.study.records import Attainable, Result, StudyRecord, TrialRecord

Status = Literal["confirmed", "eliminated", "searched", "pruned", "failed"]
ORDER: tuple[Status, ...] = ("confirmed", "eliminated", "searched", "pruned", "failed")
REFITTED: tuple[Status, ...] = ("confirmed", "eliminated")
"""Those whose metrics are averaged over confirmation replicates."""
Key = tuple[str, int | None]
"""A row's name and, of a trial, its number."""


@dataclass(frozen=True)
class Standing:
    """One trial, baseline or the noise floor: a row of the leaderboard."""

    kind: Literal["trial", "baseline", "floor"]
    name: str
    """A trial's variant, or the name of a baseline or the noise floor."""
    trial: TrialRecord | None
    """None for a baseline and the noise floor."""
    search: tuple[Result, ...]
    confirmation: tuple[Result, ...]
    attainable: Attainable
    eliminated: str | None = None
    """Why a trial got fewer confirmation replicates than others; None if it did not."""

    @cached_property
    def failure(self) -> str | None:
        """Why it failed: the reason of its first failing replicate, or that it has none. None if it did not fail."""
        results = (*self.search, *self.confirmation)
        return next((result.reason for result in results if result.reason), None if results else "no replicate")

    @cached_property
    def status(self) -> Status:
        """Failed if any replicate failed; otherwise confirmed or eliminated if it has confirmation replicates."""
        if self.failure:
            return "failed"
        if self.confirmation:
            return "eliminated" if self.eliminated else "confirmed"
        return "pruned" if self.trial and self.trial.pruned else "searched"

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """The replicates that its metrics are averaged over; empty if it failed."""
        if self.status in REFITTED:
            return self.confirmation
        return () if self.status == "failed" else self.search

    @cached_property
    def scores(self) -> tuple[float, ...]:
        """The score on each of `results`."""
        return tuple(score(result.metrics, self.attainable) for result in self.results)

    @property
    def ranked(self) -> bool:
        """Whether it has a rank, as trials that did not fail have."""
        return self.trial is not None and self.status != "failed"

    @property
    def key(self) -> Key:
        """What tells it from the other rows."""
        return self.name, self.trial.number if self.trial else None

    @property
    def place(self) -> tuple[int, int, float, bool, int, str]:
        """The sort key: status, eliminated trials by how far they came, mean score, trials first, number, name."""
        far = -len(self.scores) if self.status == "eliminated" else 0
        mean = float(np.mean(self.scores)) if self.scores else 0.0
        number = self.trial.number if self.trial else 0
        return ORDER.index(self.status), far, mean, self.trial is None, number, self.name


@dataclass(frozen=True)
class Standings:
    """A study's record and its rows in order: confirmed, eliminated, searched, pruned, each by score; then failed."""

    record: StudyRecord
    rows: tuple[Standing, ...]

    @cached_property
    def ranked(self) -> tuple[Standing, ...]:
        """The trials that did not fail, rank 1 first."""
        return tuple(row for row in self.rows if row.ranked)

    @property
    def best(self) -> TrialRecord | None:
        """The trial of rank 1; None if no trial has a score yet."""
        return self.ranked[0].trial if self.ranked else None

    def tied(self, row: Standing, other: Standing) -> bool | None:
        """Return whether two rows, one of them a trial's, cannot be told apart. A row is tied with itself.

        None for rows that are not tested: those that are not confirmed, since the search chose among them by these very
        draws, or the race did; the noise floor, which does not compete; and rows with fewer than MIN_PAIRS draws in
        common.
        """
        told = self._told_apart.get(frozenset((row.key, other.key)))
        return None if told is None else not told

    @cached_property
    def _told_apart(self) -> Mapping[frozenset[Key], bool]:
        """Whether two rows are told apart, for every pair with a trial: any trial might have turned out best."""
        rows = [row for row in self.rows if row.status == "confirmed" and row.kind != "floor"]
        pairs = [(a, b) for a, b in combinations(rows, 2) if a.trial or b.trial]
        scores = [(a.scores[: len(b.scores)], b.scores[: len(a.scores)]) for a, b in pairs]
        enough = [place for place, (first, _) in enumerate(scores) if len(first) >= MIN_PAIRS]
        told = told_apart([scores[place] for place in enough])
        selves = {frozenset((row.key,)): False for row in rows if len(row.scores) >= MIN_PAIRS}
        return selves | {
            frozenset(row.key for row in pairs[place]): different for place, different in zip(enough, told, strict=True)
        }

    def choose(self, number: int | None) -> TrialRecord:
        """Return trial `number`, or the best if None. Raises InputError if there is no such trial or it failed."""
        name, trials = self.record.name, self.record.trials
        if number is None:
            if self.best is None:
                raise InputError(f"study {name!r} has no trial {'that did not fail' if trials else 'yet'}")
            return self.best
        if not 0 <= number < len(trials):
            raise InputError(f"study {name!r} has no trial {number}: they are 0 to {len(trials) - 1}")
        row = self.row(number)
        if row.failure is not None:
            where = "" if trials[number].reason else " in its confirmation"
            raise InputError(f"trial {number} of study {name!r} failed{where}: {row.failure}")
        return trials[number]

    def choose_baseline(self, name: str) -> str:
        """Return `name`. Raises InputError if the study has no such baseline or it failed."""
        baselines = {row.name: row for row in self.rows if row.kind == "baseline"}
        if name not in baselines:
            raise InputError(f"study {self.record.name!r}: {unknown('baseline', name, baselines)}")
        if (failure := baselines[name].failure) is not None:
            raise InputError(f"baseline {name} of study {self.record.name!r} failed: {failure}")
        return name

    def row(self, number: int) -> Standing:
        """Return the row of trial `number`."""
        return next(row for row in self.rows if row.trial and row.trial.number == number)


def standings(record: StudyRecord) -> Standings:
    """Return the standings of the study in `record`. Raises InputError for a record whose scores cannot be computed."""
    if wrong := _unscored(record):
        raise InputError(
            f"the record of study {record.name!r} is damaged ({wrong}): restore a copy of it, "
            "or start the study over with --fresh"
        )
    out = _eliminated(record)
    trials = [
        Standing(
            "trial",
            str(trial.params.get("variant")),
            trial,
            trial.results,
            trial.confirmation,
            record.attainable,
            out.get(trial.number),
        )
        for trial in record.trials
    ]
    baselines = [
        Standing(baseline.kind, baseline.name, None, baseline.search, baseline.confirmation, record.attainable)
        for baseline in record.baselines
    ]
    return Standings(record, tuple(sorted([*trials, *baselines], key=lambda row: row.place)))


def _eliminated(record: StudyRecord) -> dict[int, str]:
    """Return why trials got fewer confirmation replicates than others, by number."""
    confirmed = [trial for trial in record.trials if trial.confirmation]
    most = max((len(trial.confirmation) for trial in confirmed), default=0)
    out = race(confirmed, record.attainable) if record.definition.races else {}
    return {
        trial.number: f"plainly worse than trial {of.best} on the first {of.draws} of {most} draws: "
        f"{of.means[0]:.3g} against {of.means[1]:.3g}"
        for trial in confirmed
        if (of := out.get(trial.number)) and len(trial.confirmation) < most
    }


def _unscored(record: StudyRecord) -> str:
    """Return why scores cannot be computed; empty if they can: every result has the main metrics, or a reason."""
    results = [result for trial in record.trials for result in (*trial.results, *trial.confirmation)]
    results += [result for baseline in record.baselines for result in (*baseline.search, *baseline.confirmation)]
    scored = [result for result in results if not result.reason]
    unit = record.attainable
    measured = {name for result in scored for name in result.metrics}
    errors = {"ks", *unit.metrics} | measured.intersection(MAIN_METRICS)  # categories have ks alone
    if scored and any(not 0 < unit.metrics.get(name, 0) < inf for name in errors):
        return "its attainable errors are not numbers above 0"
    if unit.draws and not errors <= {*unit.metrics} & {*unit.standard_errors}:
        return "its attainable errors are incomplete"
    if any(not isfinite(result.metrics.get(name, nan)) for result in scored for name in errors):
        return "a result has neither metrics nor a reason"
    return ""
