"""Columns with heavy tails."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from numpy.typing import NDArray

from vaebench.data_sets import Truth
from vaebench.data_sets.correlated import Correlated
from vaebench.rows import Rows


@dataclass(frozen=True)
class HeavyTail(Truth):
    """Multivariate t: x = z sqrt(df / c), z normal as in `correlated`, c ~ chi^2 with df degrees of freedom.

    Each column is Student's t, of variance df / (df - 2); rows that are far out are so in all columns. Kotz and
    Nadarajah, Multivariate t distributions and their applications, 2004.
    """

    df: Annotated[float, Gt(2)] = 3.0
    """Degrees of freedom: the fewer, the heavier the tails."""
    dimensions: Annotated[int, Ge(2), Le(20)] = 2
    """How many columns."""
    correlation: Annotated[float, Ge(0), Lt(1)] = 0.5
    """Of any two columns."""

    @property
    def columns(self) -> tuple[str, ...]:
        """x1, x2, ..."""
        return Correlated(self.dimensions).columns

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, dimensions)."""
        normal = Correlated(self.dimensions, self.correlation).sample(n, random)
        rows: Rows = normal * np.sqrt(self.df / random.chisquare(self.df, (n, 1)))
        return rows

    def log_density(self, rows: Rows) -> NDArray[np.float64]:
        """Return the log density of each of `rows`, shape (rows, dimensions): shape (rows,)."""
        from scipy import stats

        shape = np.full((self.dimensions, self.dimensions), self.correlation)
        np.fill_diagonal(shape, 1.0)
        law: Any = stats.multivariate_t  # its stubs take whole degrees of freedom alone
        return np.asarray(law(shape=shape, df=self.df).logpdf(rows), dtype=np.float64)
