"""What is known of a study: the results of its trials and baselines, and why trials are off."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vaebench.parts import Value
from vaebench.rows import MAIN_METRICS, Curve, Metrics
from vaebench.study.definition import StudyDefinition


@dataclass(frozen=True)
class Result:
    """What evaluating one spec, baseline or the noise floor on one replicate gave."""

    metrics: Metrics = field(default_factory=dict)
    """ks, mean_error, std_error, ... (see vaebench.scoring.score); empty where it failed."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    """Thinned loss curves by name, e.g. "training.reconstruction" (see vaebench.trial.evaluate)."""
    reason: str | None = None
    """Why it failed; None where it did not."""
    epochs: int = 0
    """Epochs trained."""
    started: float = 0.0
    """Start, in seconds since 1970."""
    seconds: float = 0.0
    """Wall time."""


Evidence = Mapping[str, float]
"""What was measured of why a trial is off, by name: see vaebench.trial.evidence.gather_evidence."""
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
    """One reason why a trial is off."""

    name: FindingName
    text: str
    """One sentence with its figures."""
    explains: float
    """How much of the score it explains."""


@dataclass(frozen=True)
class Diagnosis:
    """Why a trial is off."""

    findings: tuple[Finding, ...]
    """What explains most comes first."""
    evidence: Evidence
    """Means over the replicates; "GENERATOR.score" beside what was measured."""


@dataclass(frozen=True)
class TrialRecord:
    """A finished trial as it is persisted."""

    number: int
    params: Mapping[str, Value | tuple[int, ...]]
    """The resolved spec, Spec.flat()."""
    results: tuple[Result, ...]
    """One for each search replicate, in their order; of a pruned trial, for the first of them."""
    started: float
    ended: float
    """Seconds since 1970."""
    arm: str = ""
    """The arm of [compare] it belongs to, e.g. "variant=ae"; empty without [compare]."""
    confirmation: tuple[Result, ...] = ()
    """One for each confirmation replicate; empty where the trial was not confirmed."""
    pruned: str | None = None
    """Why it was stopped before its last search replicate; None where it was not."""
    diagnosis: Diagnosis | None = None
    """Why it is off; None where it was not confirmed."""

    @property
    def reason(self) -> str | None:
        """Why the trial failed (its first failing replicate); None where it did not."""
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
    """The errors that a score is in units of: what the best baseline is expected to have from as many rows."""

    metrics: Metrics = field(default_factory=dict)
    """Mean ks, mean_error and std_error over the draws; empty where they are not known yet."""
    standard_errors: Metrics = field(default_factory=dict)
    """Of these means, by simulation; for a file they say nothing of the rows it does not have."""
    baseline: str = ""
    """The baseline whose errors they are."""
    draws: int = 0
    """The draws averaged over: those it could be scored on."""

    @property
    def source(self) -> str:
        """The same in words, errors left out."""
        relative = [f"{self.standard_errors[name] / self.metrics[name]:.1%}" for name in MAIN_METRICS]
        return f"{self.baseline}, {self.draws} draws, standard errors {', '.join(relative)}"


@dataclass(frozen=True)
class StudyRecord:
    """All that is known of a study: what the leaderboard and MLflow are projections of."""

    definition: StudyDefinition
    """The definition the study was last run with."""
    attainable: Attainable = Attainable()
    trials: tuple[TrialRecord, ...] = ()
    baselines: tuple[BaselineRecord, ...] = ()
    """The baselines, and the noise floor."""

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
