"""Gaussian mixtures fitted by EM: the number of components by BIC, or the local maximum near known parameters.

A latent sampler, a baseline and a data set use it, so it lies below all three.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaebench.generator import mixture

Array = NDArray[np.float64]
RIDGE = 1e-6
"""Added to every component's variances, in units of the columns' variances: a component on equal rows stays regular."""
FEW = 8
"""Components of mixtures that are fitted in any case."""
PATIENCE = 7
"""Counts of components in a row without a lower BIC that end the search. 25 clusters on a grid need as many: a start
that parts most of them is rare. With 5 the search stopped at 9 components on two of eight draws."""
WORK = 10_000_000
"""Rows x columns x (components)^2 of the largest mixture, at most: the search takes 2 to 7 s then."""


@dataclass(frozen=True)
class GaussianMixture:
    """A mixture of Gaussians: component k with probability weights[k], then N(means[k], factors[k] factors[k]')."""

    weights: Array  # [K]
    means: Array  # [K, D]
    factors: Array  # [K, D, D]

    def draw(self, n: int, random: np.random.Generator) -> Array:
        """Draw `n` rows, shape (n, D)."""
        return mixture(np.empty((n, 0)), random, **vars(self))  # type: ignore[no-any-return]


def fit_by_bic(rows: Array, max_components: int | None, random: np.random.Generator) -> GaussianMixture:
    """Fit mixtures of 1 to `max_components` full covariances to `rows`, shape (N, D); return the one of lowest BIC.

    BIC = -2 log likelihood + (free parameters) log N. Schwarz, "Estimating the dimension of a model", Annals of
    Statistics 6, 1978. Mixtures with a component of no more rows than columns are skipped: such a component is flat,
    and BIC takes its unbounded likelihood for a perfect fit. If `max_components` is None, counts go up until PATIENCE
    in a row had no lower BIC or WORK is done; those of more than FEW with a component on equal values are skipped, too.
    """
    spread = _spread(rows)
    scaled = rows / spread
    seeds = random.integers(2**31, size=FEW if max_components is None else max_components)
    most = max(FEW, int((WORK / rows.size) ** 0.5)) if max_components is None else max_components
    best, lowest, since = None, np.inf, 0
    for count in range(1, most + 1):
        fitted = _fit(scaled, count, int(seeds[(count - 1) % len(seeds)]))
        skipped = fitted is None or (count > FEW and _flat(fitted))
        bic = np.inf if skipped else fitted.bic(scaled)
        since = 0 if bic < lowest else since + 1
        if bic < lowest:
            best, lowest = fitted, bic
        if max_components is None and since == PATIENCE:
            break
    return _plain(best, spread)


def fit_dirichlet(rows: Array, max_components: int, random: np.random.Generator) -> GaussianMixture:
    """Fit a Dirichlet process mixture of at most K = `max_components` full covariances to `rows`, shape (N, D).

    The priors are those of Fraley and Raftery, "Bayesian regularization for normal mixture estimation and model-based
    clustering", Journal of Classification 24 (2007): a component's mean is that of all rows, worth 0.01 rows, its
    covariance that of all rows over K^(2/D), as it fills a K-th of their space. scikit-learn's, a whole row and the
    covariance of all rows, widen small clusters. Components of no more rows than columns are left out.
    """
    from sklearn.mixture import BayesianGaussianMixture

    spread = _spread(rows)
    count = min(max_components, len(np.unique(rows, axis=0)))  # its start by k-means needs as many different rows
    units = rows.shape[1]
    prior = np.cov(rows / spread, rowvar=False, ddof=0).reshape(units, units) / count ** (2 / units)
    mixture = BayesianGaussianMixture(
        n_components=count,
        reg_covar=RIDGE,
        mean_precision_prior=0.01,
        covariance_prior=prior + RIDGE * np.eye(units),
        max_iter=200,
        random_state=int(random.integers(2**31)),
    )
    _run(mixture, rows / spread)
    held = mixture.weight_concentration_[0] - 1  # rows of each component
    found = _plain(mixture, spread)
    used = held > min(units, held.max() - 1e-9)
    weights = found.weights[used] / found.weights[used].sum()
    return GaussianMixture(weights, found.means[used], found.factors[used])


def fit_near(rows: Array, weights: Array, means: Array, stds: Array) -> GaussianMixture:
    """Return the local maximum of the likelihood of `rows`, shape (N, 1), that EM reaches from these parameters.

    `weights`, `means` and `stds` have shape (K,). A mixture's likelihood is unbounded (a component on a single row), so
    maximum likelihood means the local maximum near the truth: Redner and Walker, SIAM Review 26(2), 1984.

    Raises ValueError if there are fewer rows than components, or if a component ends with fewer than two rows.
    """
    spread = _spread(rows)
    mixture = _new(
        len(weights),
        tol=1e-6,  # EM is slow where components overlap; stopping early would leave it at the truth it started from
        max_iter=1000,
        weights_init=weights,
        means_init=means[:, None] / spread,
        precisions_init=(spread / stds[:, None])[:, :, None] ** 2,
    )
    _run(mixture, rows / spread)
    if mixture.weights_.min() * len(rows) < 2:
        raise ValueError(f"a component has fewer than two of {len(rows)} rows")
    return _plain(mixture, spread)


def _spread(rows: Array) -> Array:
    """Return each column's standard deviation; 1 for a constant column or latent unit."""
    spread = rows.std(axis=0)
    return np.where(spread > 0, spread, 1.0)


def _new(components: int, **options: Any) -> Any:
    from sklearn.mixture import GaussianMixture as Estimator

    return Estimator(components, covariance_type="full", reg_covar=RIDGE, **options)


def _run(mixture: Any, rows: Array) -> None:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a fit that did not converge is judged like any other
        mixture.fit(rows)


def _fit(rows: Array, components: int, seed: int) -> Any:
    """Return a fitted sklearn mixture; None if EM breaks down or leaves a component too few rows."""
    enough = rows.shape[1] + 1
    if components > 1 and components * enough > len(rows):
        return None
    mixture = _new(components, random_state=seed)
    try:
        _run(mixture, rows)
    except ValueError:
        if components == 1:
            raise
        return None
    return mixture if components == 1 or mixture.weights_.min() * len(rows) >= enough else None


def _flat(mixture: Any) -> bool:
    """Return whether a component has only equal values in some direction: RIDGE alone bounds its likelihood there."""
    return bool(np.linalg.eigvalsh(mixture.covariances_).min() < 2 * RIDGE)


def _plain(mixture: Any, spread: Array) -> GaussianMixture:
    """Convert a sklearn mixture fitted to rows / spread to one in the units of the rows."""
    factors = np.stack([np.linalg.cholesky(covariance) for covariance in mixture.covariances_])
    return GaussianMixture(
        weights=mixture.weights_ / mixture.weights_.sum(),
        means=mixture.means_ * spread,
        factors=factors * spread[:, None],
    )
