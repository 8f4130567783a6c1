"""The score of cells that have no study around them: errors in units of those of a baseline on the same draws."""

import pandas as pd

from vaebench.rows import MAIN_METRICS


def scored(frame: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return `frame` with the column `score`: mean of ks, mean_error and std_error over their means of `baseline`.

    The means are those of the same form, over its draws, so `baseline` has the mean score 1 there.
    """
    form = frame["form"] if "form" in frame else pd.Series("", frame.index)
    metrics = list(MAIN_METRICS)
    units = frame.loc[frame["baseline"] == baseline, metrics].groupby(form).mean()
    return frame.assign(score=(frame[metrics] / units.loc[form].to_numpy()).mean(axis=1, skipna=False))
