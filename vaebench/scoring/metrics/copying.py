"""Whether generated rows are copies of training rows."""

from collections.abc import Sequence

import numpy as np

from vaebench.rows import Kind, Rows
from vaebench.scoring.metrics.points import points


def copying(generated: Rows, train: Rows, test: Rows, kinds: Sequence[Kind] = ()) -> float:
    """Return the share of generated rows whose closest row is a training row, minus n_train / (n_train + n_test).

    Shapes (rows, columns); distances in units of each column's standard deviation over training and test rows. A
    perfect generator has 0 on average, since training and test rows are exchangeable for it. A copycat has up to
    n_test / (n_train + n_test); a generator that avoids the training rows is negative. If several equal rows are
    closest, each counts in proportion, so a perfect generator has 0 on discrete data too. How far apart categories and
    empty cells are is in vaebench.scoring.metrics.points. It detects copying; it is not a privacy guarantee.
    """
    from scipy.spatial import cKDTree

    rows = np.concatenate([train, test])
    std = np.nanstd(rows, axis=0) if kinds else rows.std(axis=0)
    units = np.where(std > 0, std, 1.0)  # NaN, of a column without cells, is not
    known, drawn = points((rows, generated), rows, units, kinds)
    places, place = np.unique(known, axis=0, return_inverse=True)
    trained = np.repeat([1.0, 0.0], [len(train), len(test)])
    share = np.bincount(place.ravel(), weights=trained) / np.bincount(place.ravel())
    _, closest = cKDTree(places).query(drawn)
    return float(share[closest].mean() - len(train) / len(rows))
