"""Scoring: how far generated rows are from true samples, in the data's own units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vaebench.records import MAIN_METRICS, Metrics, Result, Rows


def measure(generated: Rows, true: Rows, columns: tuple[str, ...]) -> dict[str, float]:
    """Measure `generated` against `true`, shapes (rows, columns).

    For each column, with F and G the two empirical distribution functions, m the mean and s the standard deviation:

        ks             = max |F(x) - G(x)|               two-sample Kolmogorov-Smirnov distance
        mean_error     = |m(generated) - m(true)|        in the column's units
        std_error      = |s(generated) - s(true)|        in the column's units
        std_ratio      = s(generated) / s(true)
        generated_mean = m(generated)
        generated_std  = s(generated)

    One column gives these names. Several columns give them as "ks.COLUMN", ..., and over all columns: ks and std_ratio
    as means over the columns, mean_error and std_error as means over the columns in units of each column's
    s(true), since different units cannot be averaged.

    Raises ValueError, whose message is the reason a trial failed, where a figure is undefined: rows that are not
    finite or overflow, fewer than two rows, true samples that are constant.
    """
    for name, rows in (("generated", generated), ("true", true)):
        if len(rows) < 2:
            raise ValueError(f"{len(rows)} {name} rows: at least two are needed")
    wrong = int(np.sum(~np.isfinite(generated).all(axis=1)))
    if wrong:
        raise ValueError(f"{wrong} of {len(generated)} generated rows are not finite")
    each = [
        _column(generated[:, index], true[:, index], column if len(columns) > 1 else "")
        for index, column in enumerate(columns)
    ]
    if len(columns) == 1:
        return each[0]
    units = np.std(true, axis=0, ddof=1)
    overall = {
        "ks": float(np.mean([one["ks"] for one in each])),
        "mean_error": float(np.mean([one["mean_error"] / unit for one, unit in zip(each, units, strict=True)])),
        "std_error": float(np.mean([one["std_error"] / unit for one, unit in zip(each, units, strict=True)])),
        "std_ratio": float(np.mean([one["std_ratio"] for one in each])),
    }
    return overall | {
        f"{name}.{column}": value for column, one in zip(columns, each, strict=True) for name, value in one.items()
    }


def ks_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the two-sample KS distance max |F_a(x) - F_b(x)| of two columns, shape (rows,); ties are handled.

    The same number as scipy.stats.ks_2samp's statistic, without its p-value, which takes most of its time.
    """
    a, b = np.sort(a), np.sort(b)
    points = np.concatenate([a, b])
    below_a, below_b = (np.searchsorted(sample, points, side="right") / len(sample) for sample in (a, b))
    return float(np.max(np.abs(below_a - below_b)))


def _column(generated: NDArray[np.float64], true: NDArray[np.float64], column: str) -> dict[str, float]:
    where = f" in column {column!r}" if column else ""
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is reported below, by name
        mean, std = float(generated.mean()), float(generated.std(ddof=1))
    if not np.isfinite([mean, std]).all():
        raise ValueError(f"generated values overflow{where}")
    true_mean, true_std = float(true.mean()), float(true.std(ddof=1))
    if true_std == 0:
        raise ValueError(f"true samples are constant{where}")
    return {
        "ks": ks_distance(generated, true),
        "mean_error": abs(mean - true_mean),
        "std_error": abs(std - true_std),
        "std_ratio": std / true_std,
        "generated_mean": mean,
        "generated_std": std,
    }


def score(metrics: Metrics, attainable: Metrics) -> float:
    """Return the mean of metric / attainable over ks, mean_error and std_error.

    1.0 is what the best fitting baseline is expected to reach; a single draw can be luckier, or unluckier.
    """
    return float(np.mean([metrics[name] / attainable[name] for name in MAIN_METRICS]))


def mean_metrics(results: Sequence[Result]) -> dict[str, float]:
    """Return each metric's mean over the replicates in `results`, none of which failed.

    generated_mean and generated_std are those of the first replicate: a mean of them over draws of the data is no one
    generator's, while the first search replicate's fit is the one that `generate` draws from.
    """
    return {
        name: value if name.startswith("generated_") else float(np.mean([result.metrics[name] for result in results]))
        for name, value in results[0].metrics.items()
    }


def objective_values(results: Sequence[Result], objectives: Sequence[str], attainable: Metrics) -> tuple[float, ...]:
    """Return the objectives, each a mean over the replicates in `results`; lower is better for every one."""
    means = mean_metrics(results)
    return tuple(score(means, attainable) if name == "score" else means[name] for name in objectives)
