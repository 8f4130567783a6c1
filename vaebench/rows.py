"""Types that every package uses: rows, draws of a data set, metrics, curves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
"""Rows of data in the data's own units, shape (rows, columns)."""

MAIN_METRICS = ("ks", "mean_error", "std_error")
"""The metrics of one column that `score` averages, in the leaderboard's order; a category has the first alone."""
SCORED = (*MAIN_METRICS, "copula_error")
"""All that it averages, the last one between columns."""

Phase = Literal["search", "confirm", "attainable"]
Kind = Literal["number", "category"]
"""What a column's cells are: numbers, or a category's codes 0, 1, ..., k - 1, which have no order."""
Metrics = Mapping[str, float]
Curve = tuple[tuple[int, float], ...]
"""A thinned curve: pairs (epoch counted from 1, value)."""


@dataclass(frozen=True)
class Support:
    """What is known of the values that columns can have."""

    bounds: tuple[tuple[float, float], ...] = ()
    """Declared lowest and highest value of each column, infinite where there is none; empty if none are declared."""
    learned: bool = False
    """Whether training rows show more: an end at zero, whole numbers (see vaebench.study.support)."""
    kinds: tuple[Kind, ...] = ()
    """The kind of each column; empty if all are numbers and no cell is empty. An empty cell of any kind is NaN."""
    whole: bool = False
    """Whether training rows show more of columns of whole numbers, or of few values, alone."""
    levels: tuple[int, ...] = ()
    """How many codes each category has, 0 for numbers; empty if there is no category."""


ANY_VALUES = Support()


@dataclass(frozen=True)
class Draw:
    """One draw of a data set. Each array has shape (rows, columns)."""

    train: Rows
    """Training rows: autoencoders and baselines are fitted to these."""
    test: Rows
    """Test rows for the validation loss. Generated rows are never scored against them."""
    true: Rows
    """True samples. Generated rows are scored against these."""
    floor: Rows
    """More true samples, apart from `true`, as many as are generated or there are. Their score is the noise floor."""
    support: Support = ANY_VALUES
    """What is known of the columns' values."""
