"""Metrics of several columns together: whether generated rows keep the relation between columns."""

from collections.abc import Sequence

import numpy as np

from vaebench.rows import Kind, Phase, Rows
from vaebench.scoring.metrics.association import association_error
from vaebench.scoring.metrics.classifier import classifier
from vaebench.scoring.metrics.copula import copula_error, mixed_copula_error
from vaebench.scoring.metrics.coverage import density_and_coverage
from vaebench.scoring.metrics.distances import wasserstein
from vaebench.scoring.metrics.points import points
from vaebench.scoring.metrics.samples import some
from vaebench.seeds import generator

PROJECTIONS = 32
NO_SPREAD = 1e-6
"""Largest standard deviation, in true ones, of a column without spread: what is left may be rounding."""
MMD_ROWS = 1000
"""At most so many rows of each kind are used: time and memory grow with the square."""


def joint_metrics(
    generated: Rows, true: Rows, units: Rows, phase: Phase, kinds: Sequence[Kind] = ()
) -> dict[str, float]:
    """Return the metrics of several columns together that `phase` has. Shapes (rows, columns).

    See vaebench.scoring.score.measure. Columns are in `units` (one_column.spreads) and of these `kinds`. Undefined
    metrics are left out.
    """
    metrics = {"copula_error": mixed_copula_error(generated, true, kinds) if kinds else copula_error(generated, true)}
    if phase == "attainable":
        return metrics
    a, b = points((generated, true), true, units, kinds)
    metrics["sliced_wasserstein"] = sliced_wasserstein(a, b)
    if kinds:
        metrics["association_error"] = association_error(generated, true, kinds)
    else:
        metrics["correlation_error"] = correlation_error(a, b)
    if phase == "confirm":
        told_apart = classifier(generated, true, kinds) if kinds else classifier(a, b)
        further = {"mmd": mmd(a, b), "classifier": told_apart, **density_and_coverage(a, b)}
        metrics |= {name: value for name, value in further.items() if value is not None}
    return metrics


def sliced_wasserstein(a: Rows, b: Rows) -> float:
    """Return the sliced Wasserstein-1 distance: the mean of W1(a t, b t) over PROJECTIONS unit vectors t.

    Shapes (rows, columns). The vectors are always the same. Takes an eighth of the time of POT's function of this name.

    Bonneel et al., "Sliced and Radon Wasserstein barycenters of measures", 2015.
    """
    directions = generator("directions").normal(size=(PROJECTIONS, a.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return float(wasserstein(directions @ a.T, directions @ b.T).mean())


def correlation_error(a: Rows, b: Rows) -> float:
    """Return the mean of |r_ij(a) - r_ij(b)| over all pairs of columns i < j, r Pearson's correlation.

    Shapes (rows, columns), in units of the true standard deviation; `b` are the true samples. A column without spread
    has no correlation with any other. In generated rows that is the worst there can be, 1 + |r_ij(b)|: a generator that
    has collapsed would else be perfect for independent columns.
    """
    generated, true = _correlations(a), np.nan_to_num(_correlations(b))
    return float(np.where(np.isnan(generated), 1 + np.abs(true), np.abs(generated - true)).mean())


def _correlations(rows: Rows) -> Rows:
    """Return the correlations of all pairs of columns, NaN where one of them has no spread."""
    columns = np.ascontiguousarray(rows.T)
    centred = columns - columns.mean(axis=1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    constant = np.ptp(columns, axis=1, keepdims=True) == 0  # whose mean, rounded, may be another value
    length[constant | (length <= NO_SPREAD * np.sqrt(len(rows)))] = np.nan
    unit = centred / length
    # einsum, not a matrix product: its sums do not depend on the number of threads
    return np.asarray(np.einsum("in,jn->ij", unit, unit)[np.triu_indices(len(columns), k=1)])


def mmd(a: Rows, b: Rows) -> float | None:
    """Return the unbiased estimate of MMD^2 = E k(A, A') + E k(B, B') - 2 E k(A, B), k = exp(-|x - y|^2 / (2 h^2)).

    Shapes (rows, columns), of which at most MMD_ROWS are used; it can be negative. h^2 is the median of |x - y|^2 over
    the pairs of rows of `b`, the true samples, that differ; None where none do.

    Gretton et al., "A kernel two-sample test", JMLR 2012, lemma 6 and section 8.
    """
    from scipy.spatial.distance import cdist, pdist

    a, b = some(a, MMD_ROWS), some(b, MMD_ROWS)
    within_b = pdist(b, "sqeuclidean")
    different = within_b[within_b > 0]
    if not different.size:
        return None
    squares = (pdist(a, "sqeuclidean"), within_b, cdist(a, b, "sqeuclidean"))
    kernel_a, kernel_b, kernel_ab = (float(np.exp(-0.5 * square / np.median(different)).mean()) for square in squares)
    return kernel_a + kernel_b - 2 * kernel_ab
