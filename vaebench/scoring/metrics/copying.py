"""Whether generated rows are copies of training rows."""

import numpy as np

from vaebench.rows import Rows
from vaebench.scoring.metrics.samples import in_units


def copying(generated: Rows, train: Rows, test: Rows) -> float:
    """Return the share of generated rows whose closest row is a training row, less n_train / (n_train + n_test).

    Shapes (rows, columns); distances in units of each column's standard deviation over training and test rows. For a
    perfect generator the two kinds of rows are exchangeable, so it has 0 on average; a copycat has up to
    n_test / (n_train + n_test), and one that avoids the training rows is negative. Where equal rows are closest, each
    counts its part, so that discrete data have 0 as well. It says nothing of privacy.
    """
    from scipy.spatial import cKDTree

    rows = np.concatenate([train, test])
    std = rows.std(axis=0)
    units = np.where(std > 0, std, 1.0)
    places, place = np.unique(in_units(rows, units), axis=0, return_inverse=True)
    trained = np.repeat([1.0, 0.0], [len(train), len(test)])
    share = np.bincount(place.ravel(), weights=trained) / np.bincount(place.ravel())
    _, closest = cKDTree(places).query(in_units(generated, units))
    return float(share[closest].mean() - len(train) / len(rows))
