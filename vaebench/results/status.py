"""The progress of studies."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaebench.results.standings import Standings

if TYPE_CHECKING:
    import pandas as pd


def status_of(studies: Sequence[Standings], problems: Mapping[str, str] | None = None) -> "pd.DataFrame":
    """Return one row per study: trials, target, failed, confirmed, the best trial and its score.

    `problems` says, by name, why other studies cannot be read; theirs have a row as well.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    for study in studies:
        trials, definition = study.record.trials, study.record.definition
        rows.append(
            {
                "study": study.record.name,
                "trials": len(trials),
                "target": max(sum(definition.targets.values()), len(trials)),
                "failed": sum(trial.reason is not None for trial in trials),
                "confirmed": sum((row.kind, row.status) == ("trial", "confirmed") for row in study.rows),
                "best_trial": study.best.number if study.best else None,
                "score": float(np.mean(study.ranked[0].scores)) if study.best else None,
            }
        )
    rows += [{"study": name, "problem": problem} for name, problem in (problems or {}).items()]
    counts = ("trials", "target", "failed", "confirmed", "best_trial")
    frame = pd.DataFrame(rows, columns=["study", *counts, "score", "problem"])
    return frame.astype(dict.fromkeys(counts, "Int64") | {"score": "float64", "problem": "object"})
