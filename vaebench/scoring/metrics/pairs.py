"""Which pairs of columns are looked at."""

from itertools import combinations

import numpy as np

from vaebench.seeds import generator

PAIRS = 500
"""At most so many pairs of columns are looked at, always the same: 500 are all pairs of 32 columns."""


def some_pairs(columns: int) -> list[tuple[int, int]]:
    """Return the pairs i < j of so many columns, or PAIRS of them: the same ones for the same number."""
    pairs = list(combinations(range(columns), 2))
    if len(pairs) > PAIRS:
        chosen = generator("pairs of columns", columns).choice(len(pairs), PAIRS, replace=False)
        pairs = [pairs[place] for place in np.sort(chosen)]
    return pairs
