"""Metrics of generated rows against true samples, and the score."""

from collections.abc import Sequence

import numpy as np

from vaebench.data_sets import DataSet, KnownCdf, KnownDensity
from vaebench.rows import Draw, Metrics, Phase, Rows
from vaebench.scoring.metrics.copying import copying
from vaebench.scoring.metrics.distances import Sample
from vaebench.scoring.metrics.exact import ks_exact
from vaebench.scoring.metrics.joint import joint_metrics
from vaebench.scoring.metrics.likelihood import likelihoods
from vaebench.scoring.metrics.one_column import column_metrics, outside_range, overall, spreads
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

    A single column has these names, without the metrics of all columns. Several columns have each metric as
    "ks.COLUMN", ..., and as "ks", ..., its mean over columns, in units of each column's s(true) if the metric has
    units. A metric that is undefined for these rows is left out.

    Raises ValueError, whose message becomes the reason a trial failed, if a main metric is undefined: rows that are not
    finite or overflow, fewer than two rows.
    """
    true, columns = draw.true, data_set.columns
    for name, rows in (("generated", generated), ("true", true)):
        if len(rows) < 2:
            raise ValueError(f"{len(rows)} {name} rows: at least two are needed")
    wrong = int(np.sum(~np.isfinite(generated).all(axis=1)))
    if wrong:
        raise ValueError(f"{wrong} of {len(generated)} generated rows are not finite")
    units = spreads(draw)
    each = [
        _column(generated[:, i], true[:, i], units[i], columns[i] if len(columns) > 1 else "", phase)
        for i in range(len(columns))
    ]
    if phase == "confirm":
        known = np.concatenate([draw.train, draw.test, true])
        for i, of_column in enumerate(each):
            of_column["outside_range"] = outside_range(generated[:, i], known[:, i])
    metrics = each[0]
    if len(columns) > 1:
        metrics = overall(columns, each, units) | joint_metrics(generated, true, units, phase)
    if phase == "confirm":
        if len(columns) == 1 and isinstance(data_set, KnownCdf):
            metrics["ks_exact"] = ks_exact(generated[:, 0], data_set.cdf)
        if len(columns) > 1 and isinstance(data_set, KnownDensity):
            metrics |= likelihoods(generated, true, data_set)
        if len(draw.test) and (generated is not draw.floor or data_set.available_rows is None):  # else they are these
            metrics["copying"] = copying(generated, draw.train, draw.test)
    return metrics


def _column(generated: Sample, true: Sample, unit: float, column: str, phase: Phase) -> dict[str, float]:
    try:
        return column_metrics(generated, true, unit, phase)
    except ValueError as error:
        raise ValueError(f"{error} in column {column!r}" if column else str(error)) from None


def score(metrics: Metrics, attainable: Attainable) -> float:
    """Return the mean of metric / attainable over the errors that `attainable` has: ks, mean_error, std_error.

    Several columns have copula_error as a fourth, except in records of before.

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
