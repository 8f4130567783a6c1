"""The progress of studies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaebench.results.standings import Standings

if TYPE_CHECKING:
    import pandas as pd


def status_of(studies: Sequence[Standings]) -> "pd.DataFrame":
    """Return one row per study: trials, target, failed, confirmed, the best trial and its score."""
    import pandas as pd

    rows = []
    for study in studies:
        trials, definition = study.record.trials, study.record.definition
        rows.append(
            {
                "study": study.record.name,
                "trials": len(trials),
                "target": max(sum(definition.targets.values()), len(trials)),
                "failed": sum(trial.reason is not None for trial in trials),
                "confirmed": sum(bool(trial.confirmation) for trial in trials),
                "best_trial": study.best.number if study.best else None,
                "score": float(np.mean(study.ranked[0].scores)) if study.best else None,
            }
        )
    types = {"best_trial": "Int64", "score": "float64"}
    return pd.DataFrame(rows, columns=["study", "trials", "target", "failed", "confirmed", *types]).astype(types)
