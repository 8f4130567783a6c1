"""Metrics of generated rows against true samples, and the score."""

from collections.abc import Sequence

import numpy as np

from vaebench.data_sets import DataSet, KnownCdf, KnownDensity
from vaebench.rows import Draw, Kind, Metrics, Phase, Rows
from vaebench.scoring.metrics.copying import copying
from vaebench.scoring.metrics.distances import Sample
from vaebench.scoring.metrics.exact import ks_exact
from vaebench.scoring.metrics.joint import joint_metrics
from vaebench.scoring.metrics.likelihood import likelihoods
from vaebench.scoring.metrics.one_column import (
    column_metrics,
    empty_error,
    filled,
    metrics_of_cells,
    outside_range,
    overall,
    spreads,
)
from vaebench.study.records import Attainable, Result

FAR = 3.0
"""An error that is more times its attainable value is named beside the score, whatever the score."""


def measure(generated: Rows, draw: Draw, data_set: DataSet, phase: Phase) -> dict[str, float]:
    """Measure `generated`, shape (rows, columns), against the true samples of `draw`.

    For each column, with F and G the two empirical distribution functions, m the mean and s the standard deviation:

        ks             = max |F(x) - G(x)|               two-sample Kolmogorov-Smirnov distance
        mean_error     = |m(generated) - m(true)|        in the column's units
        std_error      = |s(generated) - s(true)|        in the column's units
        std_ratio      = s(generated) / s(true)              of all rows where the true samples are equal
        generated_mean = m(generated)
        generated_std  = s(generated)

    Several columns have

        copula_error        distance of the copulas: the relation of columns  vaebench.scoring.metrics.copula

    The phase "attainable" has these only. The search has also

        wasserstein         Wasserstein-1 distance, in the column's units     vaebench.scoring.metrics.distances
        sliced_wasserstein  the same of projections of all columns            vaebench.scoring.metrics.joint
        correlation_error   of the correlations between columns               vaebench.scoring.metrics.joint
        association_error   the same of columns of any kinds, in place of it  vaebench.scoring.metrics.association

    and the confirmation alone has, since they take longer and are many,

        energy, quantile_error, q01_error, ..., q99_error                     vaebench.scoring.metrics.one_column
        outside_range  share of values outside those of the draw's rows       vaebench.scoring.metrics.one_column
        ks_exact    ks to the exact CDF, where the data set has one           vaebench.scoring.metrics.exact
        l_syn       of several columns, where the density is known            vaebench.scoring.metrics.likelihood
        l_test      of several columns, where the truth is clusters           vaebench.scoring.metrics.likelihood
        density     of all columns                                            vaebench.scoring.metrics.coverage
        coverage    of all columns                                            vaebench.scoring.metrics.coverage
        mmd         of all columns                                            vaebench.scoring.metrics.joint
        classifier  of all columns                                            vaebench.scoring.metrics.classifier
        copying     closeness to the training rows                            vaebench.scoring.metrics.copying

    Where a column is a category or has empty cells (see Support.kinds), these are of the filled cells, but for

        ks             = of a category the total variation distance; of numbers an empty cell is an atom of its own
        empty_error    = difference of the shares of empty cells, of a column that has some

    and a category has only these two. A table of categories alone has no mean_error, std_error and so on.

    A single column has these names, without the metrics of all columns. Several columns have each metric as
    "ks.COLUMN", ..., and as "ks", ..., its mean over the columns that have it, in units of each column's s(true) if the
    metric has units. A metric that is undefined for these rows is left out.

    Raises ValueError, whose message becomes the reason a trial failed, if a main metric is undefined: rows that are not
    finite, empty where no row of the draw is, or overflow; fewer than two rows, or two with a number.
    """
    true, columns, kinds = draw.true, data_set.columns, draw.support.kinds
    for name, rows in (("generated", generated), ("true", true)):
        if len(rows) < 2:
            raise ValueError(f"{len(rows)} {name} rows: at least two are needed")
    known = np.concatenate([draw.train, draw.test, true])
    gaps = np.isnan(known).any(axis=0) if kinds else np.zeros(len(columns), bool)
    wrong = int(np.sum(~(np.isfinite(generated) | np.isnan(generated) & gaps).all(axis=1)))
    if wrong:
        raise ValueError(f"{wrong} of {len(generated)} generated rows are not finite")
    units = spreads(draw)
    each = [
        _column(generated[:, i], true[:, i], units[i], columns[i] if len(columns) > 1 else "", phase, *kinds[i : i + 1])
        for i in range(len(columns))
    ]
    for i, of_column in enumerate(each):
        if phase == "confirm" and not (kinds and kinds[i] == "category"):
            of_column["outside_range"] = outside_range(filled(generated[:, i]), filled(known[:, i]))
        if gaps[i]:
            of_column["empty_error"] = empty_error(generated[:, i], true[:, i])
    metrics = each[0]
    if len(columns) > 1:
        metrics = overall(columns, each, units) | joint_metrics(generated, true, units, phase, kinds)
    if "number" in kinds and "mean_error" not in metrics:
        raise ValueError("fewer than two true samples of each column of numbers have a number")
    if phase == "confirm":
        if len(columns) == 1 and isinstance(data_set, KnownCdf) and not kinds:
            metrics["ks_exact"] = ks_exact(generated[:, 0], data_set.cdf)
        if len(columns) > 1 and isinstance(data_set, KnownDensity) and not kinds:
            metrics |= likelihoods(generated, true, data_set)
        if len(draw.test) and (generated is not draw.floor or data_set.available_rows is None):  # else they are these
            metrics["copying"] = copying(generated, draw.train, draw.test, kinds)
    return metrics


def _column(
    generated: Sample, true: Sample, unit: float, column: str, phase: Phase, kind: Kind | None = None
) -> dict[str, float]:
    try:
        if kind is None:
            return column_metrics(generated, true, unit, phase)
        return metrics_of_cells(generated, true, unit, phase, kind)
    except ValueError as error:
        raise ValueError(f"{error} in column {column!r}" if column else str(error)) from None


def score(metrics: Metrics, attainable: Attainable) -> float:
    """Return the mean of metric / attainable over the errors that `attainable` has: ks, mean_error, std_error.

    Categories alone have ks only. Several columns have copula_error as a fourth, except in records of before.

    1.0 is the expected score of the best baseline. On a single draw that baseline may be above or below.
    """
    ratios = [metrics[name] / unit for name, unit in attainable.metrics.items()]
    return float(sum(ratios) / len(ratios))  # np.mean takes ten times as long for three numbers


def far_off(metrics: Metrics, attainable: Attainable) -> dict[str, float]:
    """Return the errors of the score that are more than FAR times their attainable value, and how many times.

    The score is a mean, in which two good errors can make up for a third that is hopeless.
    """
    ratios = {name: metrics[name] / unit for name, unit in attainable.metrics.items()}
    return {name: ratio for name, ratio in ratios.items() if ratio > FAR}


def mean_metrics(results: Sequence[Result]) -> dict[str, float]:
    """Return each metric's mean over the replicates in `results`, of which none failed, if all of them have it.

    generated_mean and generated_std are those of the first replicate. Their mean over draws would belong to no single
    generator, while the fit to the first search replicate is the one that `generate` uses.
    """
    first, *others = (result.metrics for result in results)
    shared = set(first).intersection(*others)
    names = [name for name in first if name in shared]
    values = np.array([[result.metrics[name] for result in results] for name in names], dtype=np.float64)
    means = dict(zip(names, values.reshape(len(names), len(results)).mean(axis=1).tolist(), strict=True))
    return {name: first[name] if name.startswith("generated_") else mean for name, mean in means.items()}


def mean_score(results: Sequence[Result], attainable: Attainable) -> float:
    """Return the mean score over the replicates in `results`, which is also the score of the mean metrics."""
    return score(mean_metrics(results), attainable)


def objective_values(results: Sequence[Result], objectives: Sequence[str], attainable: Attainable) -> tuple[float, ...]:
    """Return the objectives, each a mean over the replicates in `results`. Lower is better for all."""
    means = mean_metrics(results)
    return tuple(score(means, attainable) if name == "score" else means[name] for name in objectives)
