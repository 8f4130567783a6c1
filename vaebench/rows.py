"""What crosses every layer: rows, draws of a data set, metrics, curves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
"""Rows of data in the data's own units, shape (rows, columns)."""

MAIN_METRICS = ("ks", "mean_error", "std_error")
"""The metrics that `score` is made of, in the leaderboard's order."""

Phase = Literal["search", "confirm", "attainable"]
Metrics = Mapping[str, float]
Curve = tuple[tuple[int, float], ...]
"""A thinned curve: (epoch counted from 1, value)."""


@dataclass(frozen=True)
class Draw:
    """One draw of a data set. Each array has shape (rows, columns)."""

    train: Rows
    """What an autoencoder or baseline is fitted to."""
    test: Rows
    """For the validation loss; never scored against."""
    true: Rows
    """True samples: what generated rows are scored against."""
    floor: Rows
    """More true samples, independent of `true`: their score is the noise floor."""
