"""The leaderboard: every trial, baseline and the noise floor of a study as one table, best first.

Notes on its columns (COLUMNS, then everything else):

- rank: trials only. A baseline or the noise floor is placed by its score, but has no rank.
- variant: for a baseline its name ("gaussian", ...), for the noise floor "truth"; `kind` tells them apart.
- status: confirmed, if there are confirmation replicates; all numbers are then over these. Eliminated, with numbers
  over the first of them, if it was plainly worse there (see vaebench.scoring.race). Otherwise searched, with all
  numbers over the search replicates, or pruned, with numbers over the first of them. A trial with any failed replicate
  is failed and has no numbers. reason: why a trial failed, was pruned or eliminated.
- score_low .. score_high and ks_low .. ks_high: 95 % bootstrap intervals of the mean over the replicates.
- tied_with_best: a paired test cannot tell the row from the best ranked trial (see vaebench.scoring.paired_tests). True
  for that trial itself. Empty if there are too few replicates for a test, for the noise floor, which does not compete,
  and for rows that are not confirmed.
- metric.generated_mean and metric.generated_std: of the first search replicate, the fit that `generate` uses.
- far_off: errors of the score that are more than 3 times their attainable value, and how many times; empty if none.
- param.NAME: the whole resolved spec. metric.search_score: the score in the search, whatever the status.
- diagnosis: why a confirmed trial is not better, worst reason first (see vaebench.trial.diagnosis); empty if no reason
  was found.
- pareto_front: no other trial is as good in every objective and better in one, over the search replicates.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vaebench.errors import InputError
from vaebench.results.standings import Standing, Standings
from vaebench.rows import MAIN_METRICS
from vaebench.scoring.intervals import interval
from vaebench.scoring.score import far_off, mean_metrics, mean_score, objective_values
from vaebench.study.records import TrialRecord

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "rank", "study", "kind", "trial", "variant", "loss", "latent_sampler", "latent_dim", "status", "replicates",
    "score", "score_low", "score_high", "ks", "ks_low", "ks_high", "mean_error", "std_error", "tied_with_best",
)  # fmt: skip
"""The first columns, in order; all others follow."""

TYPES = {
    "Int64": ("rank", "trial", "latent_dim", "replicates"),
    "boolean": ("tied_with_best", "pareto_front"),
    "float64": ("score", "score_low", "score_high", "ks", "ks_low", "ks_high", "mean_error", "std_error", "seconds"),
}
"""Types of columns that do not depend on their cells; all may be empty."""


def leaderboard(standings: Standings, run_ids: Mapping[int, str] | None = None) -> "pd.DataFrame":
    """Return the leaderboard (see the module's docstring): COLUMNS, params, metrics, then the remaining columns.

    `run_ids` maps a trial's number to its MLflow run.
    """
    import pandas as pd

    record = standings.record
    ranks = {row.trial.number: rank for rank, row in enumerate(standings.ranked, 1) if row.trial}
    front = pareto_front(standings)
    cells = []
    for row in standings.rows:
        cells.append({"study": record.name, "kind": row.kind, "variant": row.name} | _figures(row))
        if standings.ranked:
            cells[-1]["tied_with_best"] = standings.tied(row, standings.ranked[0])
        if row.trial:
            number = row.trial.number
            cells[-1] |= _params(row.trial) | {
                "rank": ranks.get(number),
                "pareto_front": front.get(number),
                "mlflow_run_id": (run_ids or {}).get(number),
            }
    arm = ["arm"] if any(trial.arm for trial in record.trials) else []
    columns = (
        *COLUMNS,
        *_names(cells, "param."),
        *_names(cells, "metric."),
        *("pareto_front", "far_off", "diagnosis", "reason", *arm, "seconds", "mlflow_run_id"),
    )
    return pd.DataFrame({name: _series(name, [row.get(name) for row in cells]) for name in columns})


def pareto_front(standings: Standings) -> dict[int, bool]:
    """Return, by number, whether a trial is on the Pareto front of the objectives, over the search replicates.

    It is on the front if no other is as good in every objective and better in one. Pruned and failed trials are left
    out. With a single objective the front is the best trial.
    """
    record = standings.record
    trials = [row.trial for row in standings.ranked if row.trial and not row.trial.pruned]
    values = np.array([objective_values(trial.results, record.objectives, record.attainable) for trial in trials])
    return {
        trial.number: not ((values <= objectives).all(axis=1) & (values < objectives).any(axis=1)).any()
        for trial, objectives in zip(trials, values, strict=True)
    }


def _figures(row: Standing) -> dict[str, Any]:
    """Return the measured columns. A failed row has no numbers."""
    cells: dict[str, Any] = {
        "status": row.status,
        "replicates": len(row.results),
        "diagnosis": _diagnosis(row.trial),
        "reason": row.failure or row.eliminated or (row.trial.pruned if row.trial else None),
        "seconds": sum(result.seconds for result in (*row.search, *row.confirmation)),
    }
    if row.status == "failed":
        return cells
    means = mean_metrics(row.results)
    if row.search:  # see mean_metrics
        means |= {name: value for name, value in row.search[0].metrics.items() if name.startswith("generated_")}
    cells["far_off"] = (
        ", ".join(f"{name} {ratio:.2g}" for name, ratio in far_off(means, row.attainable).items()) or None
    )
    cells |= {"score": float(np.mean(row.scores))} | {name: means.pop(name, None) for name in MAIN_METRICS}
    cells["score_low"], cells["score_high"] = interval(row.scores)
    cells["ks_low"], cells["ks_high"] = interval([result.metrics["ks"] for result in row.results])
    if row.search:
        cells["metric.search_score"] = mean_score(row.search, row.attainable)
    return cells | {f"metric.{name}": value for name, value in means.items()}


def _diagnosis(trial: TrialRecord | None) -> str | None:
    if trial is None or trial.diagnosis is None:
        return None
    return ", ".join(finding.name for finding in trial.diagnosis.findings)


def _params(trial: TrialRecord) -> dict[str, Any]:
    """Return the columns that describe the trial. Lists, such as layer widths, are written as in the study file."""
    shown = {name: trial.params.get(name) for name in ("loss", "latent_sampler", "latent_dim")}
    paths = {
        f"param.{name}": json.dumps(value) if isinstance(value, tuple | list) else value
        for name, value in trial.params.items()
    }
    return {"trial": trial.number, "arm": trial.arm or None} | shown | paths


def _names(cells: Sequence[Mapping[str, Any]], prefix: str) -> list[str]:
    """Return the column names that begin with `prefix`, sorted, each once."""
    return sorted({name for row in cells for name in row if name.startswith(prefix)})


def _series(name: str, values: Sequence[Any]) -> "pd.Series[Any]":
    """Return a column with a nullable type, so that integers and booleans survive empty cells."""
    import pandas as pd

    known = next((dtype for dtype, names in TYPES.items() if name in names), None)
    if known:
        try:
            return pd.Series(values, dtype=known)
        except (ValueError, TypeError) as error:
            raise InputError(f"the record is damaged: {name} is no {known} in one of its trials: {error}") from None
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int}:
        return pd.Series(values, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pd.Series(values, dtype="float64")
    return pd.Series([None if value is None else str(value) for value in values], dtype="object")
