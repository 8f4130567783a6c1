"""Gaussian mixture with the number of components chosen by BIC."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.gaussian_mixture import fit_by_bic
from vaebench.rows import Rows


@dataclass(frozen=True)
class Gmm(Baseline):
    """Draws of a Gaussian mixture fitted by EM, with as many components as BIC asks for.

    p(x) = sum_k w_k N(x; m_k, S_k), full covariances; BIC = -2 log likelihood + (free parameters) log n. Dempster,
    Laird and Rubin, JRSS B 39(1), 1977; Schwarz, Annals of Statistics 6, 1978; sklearn.mixture.GaussianMixture.
    """

    max_components: int | None = None
    """None: the search ends where more components plainly do not lower BIC (vaebench.gaussian_mixture)."""

    @classmethod
    def of(cls, defaults: int) -> Self:
        """Return it with at most 8 components for studies that began before edition 6 of the defaults."""
        return cls(8 if defaults < 6 else None)

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns)."""
        return fit_by_bic(train, self.max_components, random).draw(n, random)
