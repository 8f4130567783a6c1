"""What a nested run says of a trial, a baseline or the noise floor."""

import json
import math
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vaebench.rows import Curve, Metrics
from vaebench.scoring.score import mean_metrics, score
from vaebench.study.records import BaselineRecord, Result, StudyRecord, TrialRecord


@dataclass(frozen=True, kw_only=True)
class Run:
    """A complete run, written once. Times are seconds since 1970."""

    identity: str
    """"STUDY/NUMBER" for a trial, "STUDY/baseline/NAME" and "STUDY/floor/NAME" else."""
    kind: Literal["trial", "baseline", "floor"]
    name: str
    started: float
    ended: float
    params: Mapping[str, str]
    metrics: Metrics = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    reason: str | None = None
    """Why it failed."""
    pruned: str | None = None
    """Why it was stopped early."""

    @property
    def status(self) -> Literal["FINISHED", "FAILED"]:
        """MLflow's word for how it ended."""
        return "FAILED" if self.reason else "FINISHED"


def described(record: StudyRecord) -> list[Run]:
    """Describe every trial and baseline of `record`."""
    baselines = [baseline_run(record, baseline) for baseline in record.baselines]
    return [*(trial_run(record, trial) for trial in record.trials), *baselines]


def trial_run(record: StudyRecord, trial: TrialRecord) -> Run:
    """Describe `trial`: every resolved parameter, each metric's mean over its search replicates, its loss curves."""
    params = {path: text(value) for path, value in trial.params.items()}
    if trial.arm:
        params["arm"] = trial.arm
    metrics = _metrics(record, trial.results)
    if trial.pruned:  # over fewer replicates than the others' score, beside which it must not be sorted
        metrics["pruned_score"] = metrics.pop("score")
    parts = [trial.params.get(name) for name in ("variant", "loss", "latent_sampler")]
    return Run(
        identity=trial_identity(record, trial.number),
        kind="trial",
        name=" · ".join([f"trial {trial.number}", *(str(part) for part in parts if part)]),
        started=trial.started,
        ended=trial.ended,
        params=params,
        metrics=metrics,
        curves=trial.results[0].curves if trial.results else {},
        reason=trial.reason,
        pruned=trial.pruned,
    )


def baseline_run(record: StudyRecord, baseline: BaselineRecord) -> Run:
    """Describe a baseline or the noise floor in the same terms, so that it stands in the same table."""
    results = baseline.search
    started = min((result.started for result in results), default=0.0)
    return Run(
        identity=baseline_identity(record, baseline),
        kind=baseline.kind,
        name=f"baseline · {baseline.name}" if baseline.kind == "baseline" else "noise floor",
        started=started,
        ended=max((result.started + result.seconds for result in results), default=started),
        params={"variant": baseline.name},
        metrics=_metrics(record, results),
        reason=next((result.reason for result in results if result.reason), None),
    )


def trial_identity(record: StudyRecord, number: int) -> str:
    """Return what tells trial `number` from every other run."""
    return f"{record.name}/{number}"


def baseline_identity(record: StudyRecord, baseline: BaselineRecord) -> str:
    """Return what tells `baseline` from every other run."""
    return f"{record.name}/{baseline.kind}/{baseline.name}"


def best_so_far(record: StudyRecord, trials: Iterable[TrialRecord]) -> dict[str, float]:
    """Return best_score, and best_ks of the same trial, over the search replicates; nothing where none came through."""
    found = [_metrics(record, trial.results) for trial in trials if trial.reason is None and trial.pruned is None]
    best = min(found, key=lambda metrics: metrics["score"], default=None)
    return {"best_score": best["score"], "best_ks": best["ks"]} if best else {}


def confirmed_metrics(row: Mapping[Hashable, Any], prefix: str = "confirmed.") -> dict[str, float]:
    """Return the figures of a leaderboard row as metrics; none where the row has no figures."""
    if row["status"] != "confirmed":
        return {}
    names = ("replicates", "score", "score_low", "score_high", "ks", "ks_low", "ks_high", "mean_error", "std_error")
    further = [str(name) for name in row if str(name).startswith("metric.") and name != "metric.search_score"]
    figures = {f"{prefix}{name}": row[name] for name in names}
    figures |= {f"{prefix}{name.removeprefix('metric.')}": row[name] for name in further}
    return {name: float(value) for name, value in figures.items() if value is not None and value == value}


def text(value: Any) -> str:
    """Return a parameter's value as a study file would write it."""
    return value if isinstance(value, str) and value else json.dumps(value, default=str)


def key(name: str) -> str:
    """Return `name` as MLflow allows it for params and metrics; a column's name may hold anything."""
    return re.sub(r"[^\w.\- ]", "_", name)[:250]


def milliseconds(seconds: float) -> int:
    """Return a time as MLflow counts it."""
    return int(seconds * 1000)


def finite(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite metrics under names that MLflow allows: it draws infinity as 1.8e308, which hides the rest."""
    return {key(name): float(value) for name, value in metrics.items() if math.isfinite(value)}


def _metrics(record: StudyRecord, results: tuple[Result, ...]) -> dict[str, float]:
    seconds = {"seconds": sum(result.seconds for result in results)}
    if not results or any(result.reason for result in results):
        return seconds
    means = mean_metrics(results)
    epochs = sum(result.epochs for result in results) / len(results)
    return {"score": score(means, record.attainable), **means, **seconds} | ({"epochs": epochs} if epochs else {})


def curve_points(curves: Mapping[str, Curve]) -> Iterable[tuple[str, int, float]]:
    """Yield (metric, epoch, value) of every finite point."""
    for name, curve in curves.items():
        for epoch, value in curve:
            if math.isfinite(value):
                yield key(name), epoch, value
