"""A univariate distribution of scipy.stats."""

import math
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vaebench.data_sets import Truth
from vaebench.errors import InputError, unknown
from vaebench.rows import Rows


@dataclass(frozen=True)
class Distribution(Truth):
    """Any continuous or discrete distribution of scipy.stats: {name = "norm", loc = 100, scale = 10}.

    Its parameters are scipy's, by keyword. Refused where scipy refuses them, and where mean or standard deviation is
    infinite or undefined, since their errors are what is scored. Train, test and true samples are independent draws.
    """

    family: str = "norm"
    """The distribution's name in scipy.stats."""
    params: tuple[tuple[str, float], ...] = ()
    """Its parameters by name."""

    @classmethod
    def parse(cls, value: Any, folder: Path) -> Self:
        """Build it from {name, parameters}. Raises InputError for anything scipy cannot draw from."""
        return cls.of("distribution", value)

    @classmethod
    def of(cls, where: str, value: Any) -> Self:
        """Build it from {name, parameters}; messages begin with `where`."""
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            example = '{ name = "norm", loc = 100, scale = 10 }'
            raise InputError(
                f"{where} = {value!r}: a table with the distribution's name is expected, such as {example}"
            )
        families = _families()
        if value["name"] not in families:
            raise InputError(f"{where}.name: {unknown('distribution', value['name'], families)}")
        params = {key: number for key, number in value.items() if key != "name"}
        part = cls(value["name"], tuple(sorted(params.items())))
        part._check(where)
        return part

    def plain(self) -> dict[str, Any]:
        """Return the table in the study file."""
        return {"name": self.family, **dict(self.params)}

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Rebuild it from `plain()`, which was checked: scipy.stats takes a second to import."""
        params = {key: number for key, number in value.items() if key != "name"}
        if not isinstance(value["name"], str) or not all(isinstance(number, int | float) for number in params.values()):
            raise ValueError(f"distribution {value!r}")
        return cls(value["name"], tuple(sorted(params.items())))

    @property
    def columns(self) -> tuple[str, ...]:
        """One column, x."""
        return ("x",)

    def sample(self, n: int, random: np.random.Generator) -> Rows:
        """Draw `n` rows, shape (n, 1)."""
        values = _frozen(self.family, self.params).rvs(size=n, random_state=random)
        return np.asarray(values, dtype=np.float64).reshape(n, 1)

    def cdf(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return P(X <= x), in the shape of `x`."""
        return np.asarray(_frozen(self.family, self.params).cdf(x), dtype=np.float64)

    @property
    def known_ends(self) -> tuple[float, ...]:
        """The finite ends of the support, unless rows alone determine them (uniform)."""
        if not _known(self.family, self.params):
            return ()
        return tuple(float(end) for end in _frozen(self.family, self.params).support() if math.isfinite(end))

    def maximum_likelihood(self, train: Rows) -> Self | None:
        """Return the distribution of this family under which `train`, shape (rows, 1), has the largest likelihood.

        All parameters are fitted, except those that move a finite end of the support, which count as known: lognorm and
        gamma keep loc, beta keeps loc and scale. If these were free, the likelihood would be unbounded: loc would go to
        the smallest row. uniform has no other parameters, so its ends are fitted. scipy fits in closed form if it can,
        otherwise by a simplex search from the true parameters.

        None if the distribution is discrete or has an integer shape (erlang), if a shape moves an end of the support
        (truncnorm), if scipy's density is too slow, or if the search ends at nothing likelier than the truth or at a
        distribution that cannot be sampled (constant rows).
        """
        law, x = _families()[self.family], train[:, 0]
        shapes, names = _parameters(self.family)
        values = {"loc": 0.0, "scale": 1.0} | dict(self.params)
        start = [values[name] for name in names]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            known = _known(self.family, self.params)
            if known is None:
                return None
            try:
                found = law.fit(x, *start[: len(shapes)], loc=values["loc"], scale=values["scale"], **known)
                gain = law.logpdf(x, *found).sum() - law.logpdf(x, *start).sum()
                fitted = type(self)(self.family, tuple(sorted(zip(names, map(float, found), strict=True))))
                warnings.simplefilter("error")
                drawn = fitted.sample(9, np.random.default_rng(0))
            except (TypeError, ValueError, ArithmeticError, RuntimeError, Warning):
                return None
        return fitted if gain >= -1e-6 and found[-1] > 0 and np.isfinite(drawn).all() else None

    def _check(self, where: str) -> None:
        """Raise InputError if scipy refuses the parameters, or if mean or standard deviation is not finite."""
        shapes, known = _parameters(self.family)
        for key, value in self.params:
            if key not in known:
                raise InputError(f"{where}: {unknown(f'parameter of distribution {self.family!r}:', key, known)}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise InputError(f"{where}.{key} = {value!r}: a finite number is expected")
        missing = [shape for shape in shapes if shape not in dict(self.params)]
        given = ", ".join(f"{key} = {value!r}" for key, value in self.params) or "none"
        if missing:
            raise InputError(
                f"{where}: distribution {self.family!r} lacks {', '.join(missing)} (given: {given}; "
                f"its parameters: {', '.join(known)})"
            )
        refused = f"{where}: scipy refuses the parameters of distribution {self.family!r}: {given}"
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                frozen = _frozen(self.family, self.params)
                bounds, mean, std = frozen.support(), float(frozen.mean()), float(frozen.std())
                if not np.isnan(bounds).any():
                    self.sample(1, np.random.default_rng(0))
            except (TypeError, ValueError, ArithmeticError) as error:
                raise InputError(f"{refused} ({error})") from None
        if np.isnan(bounds).any():
            raise InputError(refused)
        if not math.isfinite(mean) or not math.isfinite(std):
            raise InputError(
                f"{where}: distribution {self.family!r} ({given}) has no finite mean and standard deviation "
                f"(mean {mean}, standard deviation {std}), so their errors cannot be scored"
            )
        if std == 0:
            raise InputError(
                f"{where}: distribution {self.family!r} ({given}) is constant: its standard deviation is 0"
            )


@cache
def _families() -> dict[str, Any]:
    """Return scipy's univariate distributions by name."""
    from scipy import stats

    return {name: law for name, law in vars(stats).items() if isinstance(law, stats.rv_continuous | stats.rv_discrete)}


def _parameters(family: str) -> tuple[list[str], list[str]]:
    """Return the required parameters of a distribution, and all its parameters."""
    from scipy import stats

    law = _families()[family]
    shapes = law.shapes.split(", ") if law.shapes else []
    return shapes, [*shapes, "loc", *(["scale"] if isinstance(law, stats.rv_continuous) else [])]


SLOW = ("levy_stable", "studentized_range")
"""Families with so slow a density that a fit takes minutes."""


def _known(family: str, params: tuple[tuple[str, float], ...]) -> dict[str, float] | None:
    """Return the parameters that are not fitted, as scipy's keywords; None if the family is not fitted at all."""
    from scipy import stats

    law = _families()[family]
    if not isinstance(law, stats.rv_continuous) or family in SLOW:
        return None
    if family == "uniform":
        return {}
    values = {"loc": 0.0, "scale": 1.0} | dict(params)
    shapes = [values[name] for name in _parameters(family)[0]]
    ends = law.support(*shapes)
    for index in range(len(shapes)):
        moved = law.support(*(value * (1 - 1e-6) if place == index else value for place, value in enumerate(shapes)))
        if not np.array_equal(ends, moved):
            return None
    finite = [end for end in ends if math.isfinite(end)]
    known = ({"floc": values["loc"]} if finite else {}) | ({"fscale": values["scale"]} if any(finite) else {})
    return known if shapes or len(known) < 2 else None


@cache
def _frozen(family: str, params: tuple[tuple[str, float], ...]) -> Any:
    return _families()[family](**dict(params))
