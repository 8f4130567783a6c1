"""The decoder's noise of a category: with which probability a decoded row has each level."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from vaebench.rows import Rows

SURE = 1e6
"""The factor at which the level of the largest share is certain."""
STEEPEST = 50.0
"""The largest factor that is fitted. Where training rows leave no doubt of a level, there is no best one."""


@dataclass(frozen=True)
class LevelNoise:
    """P(level j) = softmax_j(factor y_j + bias_j), y the decoded shares; a bias is -inf where no training row is."""

    factor: float
    bias: Rows  # [K]

    @classmethod
    def none(cls, seen: NDArray[np.bool_]) -> Self:
        """Return that of certain levels: the one of the largest share, of those `seen`."""
        return cls(SURE, np.where(seen, 0.0, -np.inf))

    @classmethod
    def fit(cls, decoded: Rows, one_hot: Rows, weights: Rows | None = None) -> Self:
        """Fit by maximum likelihood to decoded shares [n, K] of training rows and their levels [n, K].

        A network trained with squared errors has the right shares on average, but is sure of a level where it should
        not be, or not where it should: so is calibrated what a classifier says (Guo, Pleiss, Sun and Weinberger, "On
        calibration of modern neural networks", ICML 2017, there with a factor alone). The biases make each level's mean
        probability its share of the rows. Without `weights` rows count alike.
        """
        from scipy.optimize import minimize

        seen = np.asarray(one_hot.any(axis=0))
        y, levels = decoded[:, seen], one_hot[:, seen]
        of_rows = np.full(len(y), 1 / len(y)) if weights is None else weights / weights.sum()

        def badness(parameters: Rows) -> tuple[float, Rows]:
            logits = parameters[0] * y + parameters[1:]
            missed = (softmax(logits, axis=1) - levels) * of_rows[:, None]
            value = -(log_softmax(logits, axis=1) * levels).sum(axis=1) @ of_rows
            return float(value), np.concatenate([[(missed * y).sum()], missed.sum(axis=0)])

        start = np.append(1.0, np.log(np.average(levels, axis=0, weights=of_rows)))
        bounds = [(0.0, STEEPEST), *[(-2 * STEEPEST, 2 * STEEPEST)] * int(seen.sum())]
        found = minimize(badness, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        bias = np.full(len(seen), -np.inf)
        bias[seen] = found[1:]
        return cls(float(found[0]), bias)
