"""A mixture of univariate distributions of scipy.stats."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaebench.data_sets import Truth
from vaebench.data_sets.distribution import Distribution
from vaebench.errors import InputError
from vaebench.gaussian_mixture import fit_near
from vaebench.rows import Rows


@dataclass(frozen=True)
class Mixture(Truth):
    """A mixture: F(x) = sum_k w_k F_k(x), as [{weight = 0.5, name = "norm", loc = -2}, {weight = 0.5, ...}].

    Weights are positive and divided by their sum. Train, test and true samples are independent draws.
    """

    components: tuple[tuple[float, Distribution], ...] = ((0.5, Distribution()), (0.5, Distribution()))
    """(weight, distribution) of each component; the weights' sum is 1."""

    @classmethod
    def parse(cls, value: Any, folder: Path) -> Self:
        """Build it from a list of tables. Raises InputError for a wrong weight or distribution."""
        if not isinstance(value, list) or not value:
            example = '[{ weight = 0.5, name = "norm", loc = -2 }, { weight = 0.5, name = "norm", loc = 2 }]'
            raise InputError(f"mixture = {value!r}: a list of distributions is expected, such as {example}")
        weights: list[float] = []
        laws: list[Distribution] = []
        for index, table in enumerate(value, start=1):
            where = f"mixture component {index}"
            if not isinstance(table, dict) or "weight" not in table:
                raise InputError(f"{where} = {table!r}: a table with a weight and a distribution's name is expected")
            weight = table["weight"]
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not number or not math.isfinite(weight) or weight <= 0:
                raise InputError(f"{where}: weight = {weight!r}: a positive number is expected")
            weights.append(weight)
            laws.append(Distribution.of(where, _law(table)))
        total = math.fsum(weights)
        return cls(tuple((weight / total, law) for weight, law in zip(weights, laws, strict=True)))

    def plain(self) -> list[dict[str, Any]]:
        """Return the list in the study file, its weights normalised."""
        return [{"weight": weight, **law.plain()} for weight, law in self.components]

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Rebuild it from `plain()`, whose weights are normalised."""
        return cls(tuple((component["weight"], Distribution.from_plain(_law(component))) for component in value))

    @property
    def columns(self) -> tuple[str, ...]:
        """One column, x."""
        return ("x",)

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, 1): a component for each row, then its value."""
        weights = np.array([weight for weight, _ in self.components])
        component = random.choice(len(weights), size=n, p=weights)
        rows = np.empty((n, 1))
        for k, (_, law) in enumerate(self.components):
            chosen = component == k
            rows[chosen] = law.sample(int(chosen.sum()), random)
        return rows

    def cdf(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return P(X <= x), in the shape of `x`."""
        return np.asarray(sum(weight * law.cdf(x) for weight, law in self.components), dtype=np.float64)

    def maximum_likelihood(self, train: Rows) -> Self | None:
        """Return the mixture of as many normal distributions whose likelihood is largest near the true parameters.

        Weights, means and standard deviations are all fitted (vaebench.gaussian_mixture.fit_near). None where a
        component is not normal, and where rows are too few for a component.
        """
        if any(law.family != "norm" for _, law in self.components):
            return None
        weights = np.array([weight for weight, _ in self.components])
        params = [{"loc": 0.0, "scale": 1.0} | dict(law.params) for _, law in self.components]
        means, stds = (np.array([law[name] for law in params]) for name in ("loc", "scale"))
        if np.ptp(train) == 0:
            return None
        try:
            fitted = fit_near(train, weights, means, stds)
        except ValueError:
            return None
        laws = [
            Distribution("norm", (("loc", float(mean)), ("scale", float(std))))
            for mean, std in zip(fitted.means[:, 0], fitted.factors[:, 0, 0], strict=True)
        ]
        return type(self)(tuple(zip(map(float, fitted.weights), laws, strict=True)))


def _law(table: dict[str, Any]) -> dict[str, Any]:
    return {key: number for key, number in table.items() if key != "weight"}
