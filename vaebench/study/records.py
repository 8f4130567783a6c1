"""The record of a study: results of trials and baselines, attainable errors, diagnoses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vaebench.parts import Value
from vaebench.rows import Curve, Metrics
from vaebench.study.definition import StudyDefinition


@dataclass(frozen=True)
class Result:
    """The result of evaluating a spec, a baseline or the noise floor on one replicate."""

    metrics: Metrics = field(default_factory=dict)
    """ks, mean_error, std_error, ... (see vaebench.scoring.score); empty if the evaluation failed."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """Thinned loss curves by name, e.g. "training.reconstruction" (see vaebench.trial.evaluate), of a trial's first
    search replicate; empty for others."""
    reason: str | None = None
    """Why the evaluation failed; None if it did not."""
    epochs: int = 0
    """Epochs trained."""
    started: float = 0.0
    """Start, in seconds since 1970."""
    seconds: float = 0.0
    """Wall time."""


Evidence = Mapping[str, float]
"""Measurements that a diagnosis is based on, by name: see vaebench.trial.evidence.gather_evidence."""
FindingName = Literal[
    "not_converged",
    "collapsed",
    "latent_sampler",
    "no_decoder_noise",
    "underfitted",
    "copying",
    "limited_by_rows",
]


@dataclass(frozen=True)
class Finding:
    """One reason why a trial is worse than it could be."""

    name: FindingName
    text: str
    """One sentence, with the numbers behind it."""
    explains: float
    """How much of the score this reason explains."""


@dataclass(frozen=True)
class Diagnosis:
    """Why a trial is worse than it could be."""

    findings: tuple[Finding, ...]
    """Sorted: the reason that explains most comes first."""
    evidence: Evidence
    """Means over the replicates of what was measured, and of each "GENERATOR.score"."""


@dataclass(frozen=True)
class TrialRecord:
    """A finished trial, as stored."""

    number: int
    params: Mapping[str, Value | tuple[int, ...]]
    """The resolved spec: Spec.flat()."""
    results: tuple[Result, ...]
    """One per search replicate, in order; a pruned trial has the first of them only."""
    started: float
    ended: float
    """Seconds since 1970."""
    arm: str = ""
    """Its arm of [compare], for example "variant=ae"; empty without [compare]."""
    confirmation: tuple[Result, ...] = ()
    """One per confirmation replicate; empty if the trial was not confirmed."""
    pruned: str | None = None
    """Why it was stopped before its last search replicate; None if it was not."""
    diagnosis: Diagnosis | None = None
    """None if the trial was not confirmed."""

    @property
    def reason(self) -> str | None:
        """Why the trial failed: the reason of its first failing replicate. None if it did not fail."""
        return next((result.reason for result in self.results if result.reason), None)


@dataclass(frozen=True)
class BaselineRecord:
    """A baseline, or the noise floor, scored on the same replicates as the trials."""

    name: str
    kind: Literal["baseline", "floor"]
    search: tuple[Result, ...]
    confirmation: tuple[Result, ...] = ()


@dataclass(frozen=True)
class Attainable:
    """The unit of the score: the errors expected of the best baseline, fitted to as many rows."""

    metrics: Metrics = field(default_factory=dict)
    """Means of the errors that the score is made of, over the draws; empty if not known yet."""
    standard_errors: Metrics = field(default_factory=dict)
    """Standard errors of these means, by simulation. For a file they cover other splits, not rows outside the file."""
    baseline: str = ""
    """The baseline whose errors they are."""
    draws: int = 0
    """The number of draws averaged over: those on which the baseline could be scored."""
    chosen_by: Literal["ks", "score"] = "ks"
    """What the baseline is best in; ks alone in records up to format 2."""

    @property
    def source(self) -> str:
        """The same in words, without the errors themselves."""
        relative = [f"{self.standard_errors[name] / self.metrics[name]:.1%}" for name in self.metrics]
        errors = f"standard errors {', '.join(relative)} ({', '.join(self.metrics)})"
        best = "" if self.chosen_by == "ks" else ", the best of those that copy no rows by all of these together"
        return f"{self.baseline}, {self.draws} draws, {errors}{best}"


@dataclass(frozen=True)
class StudyRecord:
    """Everything known about a study. The leaderboard and MLflow are derived from it."""

    definition: StudyDefinition
    """The definition the study was last run with."""
    attainable: Attainable = Attainable()
    trials: tuple[TrialRecord, ...] = ()
    baselines: tuple[BaselineRecord, ...] = ()
    """The baselines and the noise floor."""

    @property
    def name(self) -> str:
        """The study's name."""
        return self.definition.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the data's columns."""
        return self.definition.data_set.columns

    @property
    def objectives(self) -> tuple[str, ...]:
        """What the search minimises."""
        return self.definition.objectives
