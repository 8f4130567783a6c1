"""The contents of a nested run: a trial, a baseline or the noise floor in MLflow's terms."""

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vaebench.results.standings import REFITTED
from vaebench.rows import Curve, Metrics
from vaebench.scoring.score import mean_metrics, score
from vaebench.study.records import BaselineRecord, Result, StudyRecord, TrialRecord

LONGEST = 250
"""Characters of a param's or metric's name in MLflow."""
POINTS = 6
"""Points of a curve in MLflow, each 285 bytes of its database. With 12, curves were two thirds of the database."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """The contents of a run, which is written once. Times are seconds since 1970."""

    identity: str
    """"STUDY/NUMBER" for a trial, "STUDY/baseline/NAME" or "STUDY/floor/NAME" otherwise."""
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
    """Return the runs of all trials and baselines of `record`."""
    baselines = [baseline_run(record, baseline) for baseline in record.baselines]
    return [*(trial_run(record, trial) for trial in record.trials), *baselines]


def trial_run(record: StudyRecord, trial: TrialRecord) -> Run:
    """Return the run of `trial`: resolved parameters, mean metrics over the search replicates, loss curves."""
    params = {path: text(value) for path, value in trial.params.items()}
    if trial.arm:
        params["arm"] = trial.arm
    metrics = _metrics(record, trial.results)
    if trial.pruned:  # over fewer replicates: it must not be sorted among the others' scores
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
    """Return the run of a baseline or the noise floor, with the same columns as a trial's."""
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
    """Return the identity of the run of trial `number`."""
    return f"{record.name}/{number}"


def baseline_identity(record: StudyRecord, baseline: BaselineRecord) -> str:
    """Return the identity of the run of `baseline`."""
    return f"{record.name}/{baseline.kind}/{baseline.name}"


def best_so_far(record: StudyRecord, trials: Iterable[TrialRecord]) -> dict[str, float]:
    """Return best_score, and best_ks of that trial, over the search replicates; empty if all failed or were pruned."""
    found = [_metrics(record, trial.results) for trial in trials if trial.reason is None and trial.pruned is None]
    best = min(found, key=lambda metrics: metrics["score"], default=None)
    return {"best_score": best["score"], "best_ks": best["ks"]} if best else {}


def confirmed_metrics(row: Mapping[Hashable, Any], prefix: str = "") -> dict[str, float]:
    """Return the numbers of a leaderboard row as metrics named after its status; empty if it was not refitted.

    Those of eliminated rows have names of their own, since MLflow sorts runs by a metric, whatever draws it is from.
    """
    if row["status"] not in REFITTED:
        return {}
    prefix = prefix or f"{row['status']}."
    names = ("replicates", "score", "score_low", "score_high", "ks", "ks_low", "ks_high", "mean_error", "std_error")
    further = [str(name) for name in row if str(name).startswith("metric.") and name != "metric.search_score"]
    figures = {f"{prefix}{name}": row[name] for name in names}
    figures |= {f"{prefix}{name.removeprefix('metric.')}": row[name] for name in further}
    return {name: float(value) for name, value in figures.items() if value is not None and value == value}


def text(value: Any) -> str:
    """Return a parameter's value as a study file would write it."""
    return value if isinstance(value, str) and value else json.dumps(value, default=str)


def keys(names: Iterable[str]) -> dict[str, str]:
    """Return each name as MLflow allows it for params and metrics. A column's name may contain anything.

    Names that would become the same, or the same but for case, end in a digest that tells them apart.

    >>> keys(["ks", "ks.a/b", "ks.a:b"])
    {'ks': 'ks', 'ks.a/b': 'ks.a_b-2e93e325', 'ks.a:b': 'ks.a_b-fe85a367'}
    """
    allowed = {name: re.sub(r"[^\w.\- ]", "_", name)[:LONGEST] for name in names}
    uses = Counter(key.casefold() for key in allowed.values())
    return {
        name: key
        if uses[key.casefold()] == 1
        else f"{key[: LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        for name, key in allowed.items()
    }


def milliseconds(seconds: float) -> int:
    """Return a time in milliseconds, as MLflow counts it."""
    return int(seconds * 1000)


def finite(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the finite metrics under names that MLflow allows. It plots infinity as 1.8e308, which hides the rest."""
    allowed = keys(metrics)
    return {allowed[name]: float(value) for name, value in metrics.items() if math.isfinite(value)}


def _metrics(record: StudyRecord, results: tuple[Result, ...]) -> dict[str, float]:
    seconds = {"seconds": sum(result.seconds for result in results)}
    if not results or any(result.reason for result in results):
        return seconds
    means = mean_metrics(results)
    epochs = sum(result.epochs for result in results) / len(results)
    return {"score": score(means, record.attainable), **means, **seconds} | ({"epochs": epochs} if epochs else {})


def curve_points(curves: Mapping[str, Curve]) -> Iterable[tuple[str, int, float]]:
    """Yield (metric, epoch, value) of the finite points of every curve: at most POINTS, the first and last among them.

    A total that is the reconstruction, without any penalty, is left out.
    """
    allowed = keys(curves)
    for name, curve in curves.items():
        part, _, what = name.rpartition(".")
        if what == "total" and curve == curves.get(f"{part}.reconstruction"):
            continue
        kept = {round(place * (len(curve) - 1) / (POINTS - 1)) for place in range(POINTS)}
        for epoch, value in (curve[place] for place in sorted(kept) if curve):
            if math.isfinite(value):
                yield allowed[name], epoch, value
