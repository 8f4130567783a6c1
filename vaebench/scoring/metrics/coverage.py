"""Density and coverage: whether generated rows are where true rows are, and everywhere they are."""

import numpy as np

from vaebench.rows import Rows
from vaebench.scoring.metrics.samples import some

NEIGHBOURS = 5
"""k, as in the paper."""
MOST_ROWS = 5000
"""At most so many rows of each kind, as many of one as of the other."""


def density_and_coverage(generated: Rows, true: Rows) -> dict[str, float]:
    """Return density and coverage of generated among true rows, shapes (rows, columns), columns in comparable units.

    A ball about each true row reaches to its k-th nearest other true row, k = 5. With n rows of each kind

        density  = (generated rows in balls, counted once for each ball) / (k n)    1 on average for true rows
        coverage = share of balls that have a generated row                         1 - 2^-k = 0.97 for true rows

    Naeem, Oh, Uh, Choi and Yoo, "Reliable fidelity and diversity metrics for generative models", ICML 2020, arXiv
    2002.09797. Empty with fewer than k + 1 rows.
    """
    from scipy.spatial import cKDTree

    n = min(len(generated), len(true), MOST_ROWS)
    if n <= NEIGHBOURS:
        return {}
    generated, true = some(generated, n), some(true, n)
    distances, _ = cKDTree(true).query(true, NEIGHBOURS + 1)
    radii = np.asarray(distances)[:, -1]  # the nearest is the row itself
    tree = cKDTree(generated)
    inside = tree.query_ball_point(true, radii, return_length=True)
    return {"density": float(inside.sum() / (NEIGHBOURS * n)), "coverage": float((inside > 0).mean())}
