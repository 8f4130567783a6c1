"""Gaussian mixture with the number of components chosen by BIC."""

from dataclasses import dataclass

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.gaussian_mixture import fit_by_bic
from vaebench.rows import Rows

MAX_COMPONENTS = 8


@dataclass(frozen=True)
class Gmm(Baseline):
    """Draws of a Gaussian mixture fitted by EM, 1 to 8 components, their number chosen by BIC.

    p(x) = sum_k w_k N(x; m_k, S_k), full covariances; BIC = -2 log likelihood + (free parameters) log n. Dempster,
    Laird and Rubin, JRSS B 39(1), 1977; Schwarz, Annals of Statistics 6, 1978; sklearn.mixture.GaussianMixture.
    """

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
        return fit_by_bic(train, MAX_COMPONENTS, random).draw(n, random)
