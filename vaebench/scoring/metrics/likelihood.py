"""Likelihood fitness, where the truth's density is known: both ways between generated rows and the truth.

Xu et al., "Modeling tabular data using conditional GAN", NeurIPS 2019, arXiv 1907.00503, section 5.
"""

import warnings

import numpy as np

from vaebench.data_sets import KnownClusters, KnownDensity
from vaebench.rows import Rows
from vaebench.scoring.metrics.samples import some

MOST_ROWS = 10_000
"""At most so many rows are fitted, and judged."""
STARTS = 10
"""EM finds a local maximum: the best of so many. Single starts on 25 clusters differ by 0.09 (measured)."""


def likelihoods(generated: Rows, true: Rows, data_set: KnownDensity) -> dict[str, float]:
    """Return `l_syn`, and `l_test` where the truth is clusters, as far as they are defined. Shapes (rows, columns)."""
    found = {"l_syn": l_syn(generated, data_set)}
    if isinstance(data_set, KnownClusters):
        found["l_test"] = l_test(generated, true, data_set.cluster_count)
    return {name: value for name, value in found.items() if value is not None}


def l_syn(generated: Rows, data_set: KnownDensity) -> float | None:
    """Return the mean log density, under the truth, of generated rows, shape (rows, columns); None if not finite.

    True rows have minus the entropy. More is no merit: it is had by drawing only where the density is high.
    """
    with np.errstate(all="ignore"):
        found = float(data_set.log_density(some(generated, MOST_ROWS)).mean())
    return found if np.isfinite(found) else None


def l_test(generated: Rows, true: Rows, clusters: int) -> float | None:
    """Return the mean log likelihood of true rows under a mixture of `clusters` fitted to generated rows.

    Shapes (rows, columns). The mixture is Gaussian with diagonal covariances, the best of STARTS runs of EM; so a truth
    of as many round clusters is in the family. More is better, and true rows in place of generated ones have about
    minus the entropy. None where there are fewer rows than clusters, or EM breaks down.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    rows = some(generated, MOST_ROWS)
    mixture = GaussianMixture(clusters, covariance_type="diag", n_init=STARTS, init_params="k-means++", random_state=0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            found = float(mixture.fit(rows).score(some(true, MOST_ROWS)))
        except ValueError:
            return None
    return found if np.isfinite(found) else None
