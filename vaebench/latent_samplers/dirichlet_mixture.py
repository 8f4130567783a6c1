"""Latent draws from a Dirichlet process mixture of Gaussians fitted to the codes."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from vaebench.gaussian_mixture import fit_dirichlet
from vaebench.generator import Steps
from vaebench.latent_samplers import Codes, LatentDistribution, LatentSampler


@dataclass(frozen=True)
class DirichletMixture(LatentSampler):
    """A Gaussian mixture fitted to the codes by variational Bayes, its weights under a Dirichlet process.

    Components that the codes do not need keep a weight near 0, so their number need not be chosen. It is
    scikit-learn's BayesianGaussianMixture with full covariances, expected to be those of all codes over K^(2/D) for K
    components and D units.

    Blei and Jordan, "Variational inference for Dirichlet process mixtures", Bayesian Analysis 1 (2006). Fraley and
    Raftery, "Bayesian regularization for normal mixture estimation", Journal of Classification 24 (2007).
    """

    max_components: Annotated[int, Ge(1), Le(50)] = 6
    codes: Literal["mean", "sampled"] = "sampled"
    """What it is fitted to: z_mean, or one draw of N(z_mean, exp(z_log_var)) per row."""

    def fit(self, codes: Codes, random: np.random.Generator) -> LatentDistribution:
        """Fit the mixture; it has the posterior's expected weights, means and covariances."""
        fitted = fit_dirichlet(codes.choose(self.codes, random), self.max_components, random)
        return Steps((("mixture", vars(fitted)),))
