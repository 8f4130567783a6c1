"""Whether vaebench's replica of a model and the same code in plain Keras agree in distribution."""

from collections.abc import Mapping, Sequence

import pandas as pd
from scipy import stats

from experiments.claims_kit.verdicts import estimate, holm
from vaebench.scoring.paired_tests import LEVEL


def agreement(models: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], metrics: Sequence[str]) -> pd.DataFrame:
    """Compare each model's replica with Keras, frames of `metrics` by draw: a row a model and metric.

    Two-sample Kolmogorov-Smirnov tests, and paired t-tests on the draws that both have; p-values by Holm's procedure
    over all of them.
    """
    rows: list[dict[str, object]] = []
    p_values: dict[str, float] = {}
    for model, (ours, theirs) in models.items():
        for metric in metrics:
            key = f"{model} {metric}"
            first, second = ours[metric].dropna(), theirs[metric]
            p_values[f"{key} distributions"] = float(stats.ks_2samp(first, second).pvalue)
            p_values[f"{key} paired"] = float(stats.ttest_1samp((first - second).dropna(), 0.0).pvalue)
            row = {"model": model, "metric": metric, "vaebench": estimate(first), "Keras": estimate(second)}
            rows.append(row | {"seeds": f"{len(first)} and {len(second)}"})
    adjusted = holm(p_values)
    for row in rows:
        both = {test: adjusted[f"{row['model']} {row['metric']} {test}"] for test in ("distributions", "paired")}
        row |= {f"p, {test}": f"{p:.2g}" for test, p in both.items()}
        row["agree"] = "yes" if min(both.values()) > LEVEL else "no"
    return pd.DataFrame(rows)
