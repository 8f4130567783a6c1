"""Maximum likelihood of the family that the rows truly come from."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet, Truth
from vaebench.rows import Rows


@dataclass(frozen=True)
class TrueFamily(Baseline):
    """Draws of the truth's own family with the largest likelihood: about the best that can be done with these rows.

    p(x; a) with a = argmax_a sum_i log p(x_i; a), x_i the training rows. It knows what no other generator does: the
    family. It suits data sets that can be fitted: see `maximum_likelihood` in vaebench.data_sets. For a normal
    distribution it is the `gaussian` baseline.
    """

    oracle: ClassVar[bool] = True

    def suits(self, data_set: DataSet) -> bool:
        """Return whether the data set can be fitted, by fitting it to its own draws."""
        return isinstance(data_set, Truth) and data_set.maximum_likelihood(_probe(data_set)) is not None

    def reachable(self, data_set: DataSet) -> bool:
        """Return whether it knows no end of the support: zero is one that anybody may know, others no row shows."""
        return isinstance(data_set, Truth) and not any(data_set.known_ends)

    def generate(self, train: Rows, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
        """Fit to `train`, shape (rows, columns), and draw `n` rows, shape (n, columns).

        Raises ValueError if the rows do not determine the family's parameters.
        """
        fitted = data_set.maximum_likelihood(train) if isinstance(data_set, Truth) else None
        if fitted is None:
            raise ValueError(f"no maximum likelihood of the {data_set.name} on these {len(train)} rows")
        return fitted.sample(n, random)


def _probe(data_set: Truth) -> Rows:
    return data_set.sample(200, np.random.default_rng(0))
