"""The metrics of one column, and their means over columns."""

from collections.abc import Sequence

import numpy as np

from vaebench.rows import Draw, Kind, Metrics, Phase, Rows
from vaebench.scoring.metrics.distances import Sample, energy_distance, ks_distance, total_variation, wasserstein

PERCENT = (1, 5, 25, 50, 75, 95, 99)
"""The quantiles compared, in percent."""
UNITLESS = ("ks", "std_ratio", "outside_range", "empty_error")
"""The metrics that are not in the column's units."""


def spreads(draw: Draw) -> Rows:
    """Return each column's unit, shape (columns,): the standard deviation of its true samples.

    Where these are all equal, as those of a column of rare values can be, it is that of all rows of the draw; 1 where
    those are equal too. Empty cells are left out, and a category has the unit 1.
    """
    if kinds := draw.support.kinds:
        every = np.concatenate([draw.train, draw.test, draw.true])
        return np.array([_spread(*each) for each in zip(draw.true.T, every.T, kinds, strict=True)])
    stds: Rows = draw.true.std(axis=0, ddof=1)
    equal = np.ptp(draw.true, axis=0) == 0  # the std of equal numbers may not be exactly 0
    if equal.any():
        rows = np.concatenate([draw.train, draw.test, draw.true])
        stds[equal] = np.where(np.ptp(rows, axis=0) > 0, rows.std(axis=0, ddof=1), 1.0)[equal]
    return stds


def _spread(true: Sample, every: Sample, kind: Kind) -> float:
    for cells in (filled(true), filled(every)) if kind == "number" else ():
        if len(cells) > 1 and np.ptp(cells) > 0:
            return float(cells.std(ddof=1))
    return 1.0


def filled(cells: Sample) -> Sample:
    """Return those of the cells of a column that are not empty."""
    return cells[~np.isnan(cells)]


def column_metrics(generated: Sample, true: Sample, unit: float, phase: Phase) -> dict[str, float]:
    """Return the metrics of one column, shapes (rows,), that `phase` has (see vaebench.scoring.score.measure).

    `unit` is the column's of `spreads`. Raises ValueError if generated values overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is reported below, by name
        mean, std = float(generated.mean()), float(generated.std(ddof=1))
    if not np.isfinite([mean, std]).all():
        raise ValueError("generated values overflow")
    true_mean, true_std = float(true.mean()), float(true.std(ddof=1))
    metrics = {
        "ks": ks_distance(generated, true),
        "mean_error": abs(mean - true_mean),
        "std_error": abs(std - true_std),
        "std_ratio": std / (true_std if np.ptp(true) > 0 else unit),
        "generated_mean": mean,
        "generated_std": std,
    }
    if phase != "attainable":
        metrics["wasserstein"] = float(wasserstein(generated, true))
    if phase == "confirm":
        metrics |= {"energy": energy_distance(generated, true)} | quantile_errors(generated, true)
    return metrics


def metrics_of_cells(generated: Sample, true: Sample, unit: float, phase: Phase, kind: Kind) -> dict[str, float]:
    """Return the metrics of one column that may be a category, or have empty cells; shapes (rows,).

    A category has `ks` alone, its total variation distance. Of numbers with empty cells `ks` is the largest difference
    over the sets {x <= t} and {empty}; all else is of the filled cells, and undefined where fewer than two of `true`
    are. Raises ValueError if two of `true` are filled, and not of `generated`.
    """
    ks = {"ks": ks_of_cells(generated, true, kind)}
    if kind == "category":
        return ks
    of_true = filled(true)
    if len(of_true) < 2:
        metrics = {}
    elif len(of := filled(generated)) < 2:
        raise ValueError(f"{len(of)} of {len(generated)} generated cells are filled: at least two are needed")
    else:
        metrics = column_metrics(of, of_true, unit, phase)
    return metrics | ks


def ks_of_cells(generated: Sample, true: Sample, kind: Kind) -> float:
    """Return the `ks` of one column that may be a category, or have empty cells (see metrics_of_cells)."""
    if kind == "category":
        return total_variation(generated, true)
    # an empty cell as an atom beyond all values: P(x <= t), t the largest, is then 1 - P(empty)
    atoms = (np.where(np.isnan(cells), np.inf, cells) for cells in (generated, true))
    return ks_distance(*atoms)


def empty_error(generated: Sample, true: Sample) -> float:
    """Return the difference of the shares of cells that are empty."""
    return float(abs(np.isnan(generated).mean() - np.isnan(true).mean()))


def quantile_errors(generated: Sample, true: Sample) -> dict[str, float]:
    """Return q01_error = |1 % quantile of generated - that of true|, ..., q99_error, and quantile_error, their mean."""
    levels = np.array(PERCENT) / 100
    errors = np.abs(np.quantile(generated, levels) - np.quantile(true, levels))
    each = {f"q{percent:02d}_error": float(error) for percent, error in zip(PERCENT, errors, strict=True)}
    return {"quantile_error": float(errors.mean())} | each


def outside_range(generated: Sample, rows: Sample) -> float:
    """Return the share of generated values below the smallest or above the largest of the data's `rows`.

    It finds what cannot be, negative incomes say, however few rows there are to score against. Of fresh rows of a
    continuous distribution it is 2 / (n + 1) on average, n the number of `rows`.
    """
    return float(np.mean((generated < rows.min()) | (generated > rows.max())))


def overall(columns: Sequence[str], each: Sequence[Metrics], units: Rows) -> dict[str, float]:
    """Return each metric's mean over the columns that have it, then each column's value as NAME.COLUMN.

    Different units cannot be averaged, so a metric with units is divided by each column's unit of `spreads`
    first. generated_mean and generated_std have no mean.
    """
    metrics = {}
    for name in dict.fromkeys(name for of_column in each for name in of_column):
        if not name.startswith("generated_"):
            of = np.ones(len(columns)) if name in UNITLESS else units
            values = [of_column[name] / unit for of_column, unit in zip(each, of, strict=True) if name in of_column]
            metrics[name] = float(np.mean(values))
    for column, of_column in zip(columns, each, strict=True):
        metrics |= {f"{name}.{column}": value for name, value in of_column.items()}
    return metrics
