"""Curves that straighten a skewed column before it is standardised: a power, a logarithm, normal scores.

A curve is increasing, and exact between the smallest and the largest training row. Beyond these it goes on as a
straight line, so that its undoing cannot explode: the undoing of a power with a negative exponent is infinite a few
standard deviations out. The line rises by at most the range of the rows in one standard deviation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vaebench.margins import Column, NormalScores

EXPONENTS = (-2.0, 2.0)
"""Where the exponent of Box and Cox is looked for, so that an outlier does not decide it; Yeo and Johnson's: 1 +- 2."""


@dataclass(frozen=True)
class Curve:
    """y = curve(u) of a column u, and a step of `vaebench.generator` that undoes it."""

    step: str
    """The step's name."""
    curve: Callable[[Column], Column]
    ends: Column
    """[2, 3]: y, u and du/dy at the smallest and at the largest training row."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """The step's arguments beside the column, and the ends if they differ."""

    def __call__(self, u: Column) -> Column:
        """Return y, in the shape of `u`."""
        (low, at_low, rise_low), (high, at_high, rise_high) = self.ends
        line = np.where(u < at_low, low + (u - at_low) / rise_low, high + (u - at_high) / rise_high)
        inside = (u >= at_low) & (u <= at_high)
        return np.where(inside, self.curve(np.clip(u, at_low, at_high)), line)


def log(u: Column) -> Curve:
    """Return the logarithm of a column of positive numbers."""
    return _box_cox(u, 0.0)


def logit(u: Column) -> Curve:
    """Return log(u / (1 - u)) of a column of numbers between 0 and 1."""
    from scipy.special import logit as curve

    return Curve("logistic", curve, _ends(u, curve, lambda u: u * (1 - u)))


def box_cox(u: Column) -> Curve:
    """Return Box and Cox's transformation of a column of positive numbers, its exponent by maximum likelihood.

    y = (u^a - 1) / a, or log u where a = 0: Box and Cox, "An analysis of transformations", Journal of the Royal
    Statistical Society B 26 (1964).
    """
    from scipy.special import boxcox

    return _box_cox(u, _likeliest(u, lambda u, a: np.asarray(boxcox(u, a)), np.log(u).sum(), EXPONENTS))


def yeo_johnson(u: Column) -> Curve:
    """Return Yeo and Johnson's transformation of a column, its exponent by maximum likelihood.

    It is Box and Cox's of 1 + u where u >= 0, else minus that of 1 - u with the exponent 2 - a: Yeo and Johnson, "A new
    family of power transformations to improve normality or symmetry", Biometrika 87 (2000).
    """
    from scipy.special import boxcox1p

    def curve(u: Column, exponent: float) -> Column:
        below = -boxcox1p(np.maximum(-u, 0), 2 - exponent)
        return np.where(u >= 0, boxcox1p(np.maximum(u, 0), exponent), below)

    exponent = _likeliest(u, curve, (np.sign(u) * np.log1p(np.abs(u))).sum(), (-1.0, 3.0))
    rise = _ends(u, lambda u: curve(u, exponent), lambda u: (1 + np.abs(u)) ** (np.sign(u) * (1 - exponent)))
    return Curve("yeo_johnson", lambda u: curve(u, exponent), rise, {"exponent": exponent})


def normal_scores(u: Column) -> Curve:
    """Return the interpolated normal scores of a column (see vaebench.margins).

    A value that rows repeat is an atom: all scores of its ranks are undone to it, so it keeps its share of the rows.
    """
    of, undone = NormalScores.fit(u), NormalScores.with_atoms(u)
    return Curve("interpolated", lambda u: np.interp(u, of.values, of.scores), of.ends, vars(undone))


def _box_cox(u: Column, exponent: float) -> Curve:
    from scipy.special import boxcox

    def curve(u: Column) -> Column:
        return np.asarray(boxcox(u, exponent))

    return Curve("box_cox", curve, _ends(u, curve, lambda u: u ** (1 - exponent)), {"exponent": exponent})


def _ends(u: Column, curve: Callable[[Column], Column], rise: Callable[[Column], Column]) -> Column:
    """Return y, u and du/dy at the smallest and the largest of `u`."""
    at = np.array([u.min(), u.max()])
    steepest = np.ptp(u) / curve(u).std()
    return np.stack([curve(at), at, np.minimum(rise(at), steepest)], axis=1)


def _likeliest(
    u: Column, curve: Callable[[Column, float], Column], log_slope: float, bounds: tuple[float, float]
) -> float:
    """Return the exponent a under which curve(u, a) is the likeliest sample of a normal distribution.

    `log_slope` is the sum of the logarithms of the curve's slopes, divided by a - 1.
    """
    from scipy.optimize import minimize_scalar

    def badness(exponent: float) -> float:
        variance = curve(u, exponent).var()
        return 0.5 * len(u) * np.log(variance) - (exponent - 1) * log_slope if variance > 0 else np.inf

    return float(minimize_scalar(badness, bounds=bounds, method="bounded").x)
