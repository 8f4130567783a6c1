"""A control variate: how good a row is, less the luck of its draws that a baseline on the same draws shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaebench.scoring.intervals import LEVEL

FEWEST = 10
"""Draws below which the coefficient is too uncertain."""


@dataclass(frozen=True)
class Controlled:
    """A mean score without the luck of the draws, and its interval."""

    mean: float
    low: float
    high: float


def controlled(scores: Sequence[float], beside: Sequence[float], error: float, among: int) -> Controlled | None:
    """Return the mean of `scores` less the luck of their draws; None for fewer than FEWEST draws.

    With the row's score s_i and the score b_i, of expectation 1, of the baseline behind score 1 on the same draw,

        y_i = s_i - c_i (b_i - 1),   c_i = slope of s on b by least squares over all other draws

    c_i is independent of b_i, so the mean of the y_i has no bias from it (Lavenberg and Welch, Management Science 27,
    1981; Owen, Monte Carlo theory, methods and examples, ch. 8.9). The interval is

        mean(y) +- sqrt((t sd(y) / sqrt(n))^2 + (z c error)^2)

    with t and z at 1 - (1 - LEVEL) / 2, t at 1 - (1 - LEVEL) / (2 among): it holds for all of so many rows at once, so
    for whichever of them is the luckiest. `error` is the standard error of the baseline's expectation.
    """
    from scipy.special import ndtri, stdtrit

    s, b, n = np.array(scores), np.array(beside) - 1.0, len(scores)
    if n < FEWEST:
        return None
    others = n - 1
    mean_s, mean_b = (s.sum() - s) / others, (b.sum() - b) / others
    covariance = ((s * b).sum() - s * b) / others - mean_s * mean_b
    variance = ((b**2).sum() - b**2) / others - mean_b**2
    slopes = np.where(variance > 0, covariance / np.where(variance > 0, variance, 1.0), 0.0)
    y = s - slopes * b
    tail = (1 - LEVEL) / 2
    own = stdtrit(others, 1 - tail / among) * y.std(ddof=1) / np.sqrt(n)
    half = float(np.hypot(own, ndtri(1 - tail) * slopes.mean() * error))
    mean = float(y.mean())
    return Controlled(mean, mean - half, mean + half)
