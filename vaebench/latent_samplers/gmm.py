"""Latent draws from a Gaussian mixture fitted to the codes."""

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from vaebench.latent_samplers import Codes, Latent, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class FittedMixture:
    """A mixture of Gaussians: component k with probability weights[k], then N(means[k], factors[k] factors[k]')."""

    weights: Latent  # [K]
    means: Latent  # [K, Z]
    factors: Latent  # [K, Z, Z]

    def draw(self, n: int, random: np.random.Generator) -> Latent:
        """Draw `n` latent vectors, shape (n, latent_dim)."""
        component = random.choice(len(self.weights), size=n, p=self.weights)
        noise = random.standard_normal((n, self.means.shape[1]))
        z = np.empty_like(noise)
        for k in range(len(self.weights)):
            rows = component == k
            z[rows] = self.means[k] + noise[rows] @ self.factors[k].T
        return z


@dataclass(frozen=True)
class Gmm(LatentSampler):
    """A Gaussian mixture fitted to the training rows' codes, the number of components chosen by BIC.

    Ghosh et al., "From variational to deterministic autoencoders", ICLR 2020, arXiv 1903.12436. Schwarz,
    "Estimating the dimension of a model", Annals of Statistics 6 (1978).
    """

    max_components: Annotated[int, Ge(1), Le(10)] = 5
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or one draw of N(z_mean, exp(z_log_var)) a row."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Fit mixtures of 1 to max_components components by EM and keep the one of lowest BIC."""
        z = codes.choose(self.codes, random)
        spread = z.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)  # a dead latent unit has none
        candidates = [_fit(z / spread, k, int(random.integers(2**31))) for k in range(1, self.max_components + 1)]
        best = min((c for c in candidates if c is not None), key=lambda c: c.bic(z / spread))
        factors = np.stack([np.linalg.cholesky(covariance) for covariance in best.covariances_])
        return FittedMixture(
            weights=best.weights_ / best.weights_.sum(),
            means=best.means_ * spread,
            factors=factors * spread[:, None],
        )


def _fit(z: Latent, components: int, seed: int) -> Any:
    """Return a fitted sklearn mixture; None where EM breaks down, or a component has too few rows for its covariance.

    A component with no more rows than dimensions is flat, and BIC takes its endless likelihood for a perfect fit.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    enough = z.shape[1] + 1
    if components > 1 and components * enough > len(z):
        return None
    mixture = GaussianMixture(components, covariance_type="full", reg_covar=1e-6, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # BIC judges a fit that did not converge like any other
        try:
            mixture.fit(z)
        except ValueError:
            if components == 1:
                raise
            return None
    return mixture if components == 1 or mixture.weights_.min() * len(z) >= enough else None
