"""Predict posterior collapse: which settings of a study let every latent unit die, before anything is trained.

A decoder that ignores the code gives the constant c that minimises the mean loss. A code z = e f(x) + noise, E f^2 = 1,
costs beta e^2 / 2 of KL, and lets the decoder c + w z gain at most e^2 / 2 times the largest eigenvalue of

    C = A^(-1/2) Cov(g) A^(-1/2),   g = dl/dy at y = c,   A = diag(E d2l/dy2 at y = c).

So from beta >= that eigenvalue on nothing pulls a latent unit away from the prior. For `mse` C is the covariance of the
scaled rows, beta the decoder's variance, and for linear networks the collapsed solution is the only optimum: Lucas,
Tucker, Grosse and Norouzi, "Don't blame the ELBO! A linear VAE perspective on posterior collapse", NeurIPS 2019.
With hidden layers it is a local optimum, near which training starts.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vaebench.losses import Loss
from vaebench.parts import load, make
from vaebench.rows import Rows, Support
from vaebench.study.definition import Arm, StudyDefinition
from vaebench.study.space import Choice, Fixed, Float, Int, Leaf, Node, OneOf, Space, UnitTrial, required_scaling
from vaebench.study.spec import Spec
from vaebench.trial.scaling import Scaler
from vaebench.variants import Variant

ROWS = 5000
"""Rows used. They give an eigenvalue to about 2 %."""
NEWTON_STEPS = 50
KNOWN = 0.25
"""The mean curvature counts as known if its relative standard error is below this."""
POINTS = 16
"""Points at which the range of a loss's parameter is sampled."""
ROUNDING = 1e-9
"""Relative. A single value that equals the critical one up to rounding is doomed."""
RULE = (
    "All latent units die where the KL's weight is at least the largest eigenvalue of the scaled rows' covariance, in "
    "units of the loss's curvature (Lucas et al., NeurIPS 2019). The decoder then gives one point, and all spread is "
    "decoder noise. A smaller weight avoids it; with gaussian_nll and student_t the decoder's variance is learned."
)


@dataclass(frozen=True)
class Collapse:
    """A combination of a study's settings that collapses, for a part of its weight's range or for all of it."""

    arm: str
    """The arm; empty without [compare]."""
    variant: str
    loss: str
    scaling: str
    weight: str
    """The variant's field that is the KL's weight, e.g. "beta"."""
    fixed: bool
    """Whether that field has a single value."""
    critical: tuple[float, float]
    """The weight from which on it collapses: lowest and highest over the loss's parameters."""
    share: float
    """The share of the weight's range that collapses, measured evenly or evenly in the logarithm, as it is searched."""

    def __str__(self) -> str:
        low, high = (f"{value:.3g}" for value in self.critical)
        share = f"{100 * self.share:.0f} %" if self.share >= 0.005 else "less than 1 %"
        return (
            f"{self.arm + ': ' if self.arm else ''}{self.variant} with loss {self.loss} and scaling {self.scaling}: "
            f"{self.weight} >= {low if low == high else f'{low} to {high}'}, "
            + ("as it always is" if self.fixed and self.share == 1 else f"{share} of its range")
        )


def foresee(definition: StudyDefinition) -> list[Collapse]:
    """Return every doomed combination of variant, loss and scaling, based on the rows of the first search draw."""
    draw = definition.replicate("search", 0).draw()
    return [found for arm in definition.arms for found in _of_arm(arm, draw.train[:ROWS], draw.support)]


def critical_weight(loss: Loss, x: Rows) -> float | None:
    """Return the KL's weight at which every latent unit dies, on scaled rows `x` [N, F]: C's largest eigenvalue.

    None if the loss gives no derivatives, if there is no best constant, or if the rows do not determine the curvature.
    """
    output = x.mean(axis=0)
    for _ in range(NEWTON_STEPS):
        derivatives = loss.derivatives(x, output)
        if derivatives is None:
            return None
        slopes, curvatures = derivatives
        curvature = curvatures.mean(axis=0)
        if not (curvature > 0).all():
            return None
        step = slopes.mean(axis=0) / curvature
        output = output - step
        if (np.abs(step) <= ROUNDING * x.std(axis=0)).all():
            break
    error = curvatures.std(axis=0) / math.sqrt(len(x))
    balanced = np.abs(slopes.mean(axis=0)) <= 1e-6 * slopes.std(axis=0) + ROUNDING
    if not balanced.all() or (error > KNOWN * curvature).any():
        return None
    g = slopes / np.sqrt(curvature)
    return float(np.linalg.eigvalsh(np.atleast_2d(np.cov(g, rowvar=False, ddof=0)))[-1])


def share_above(node: Leaf, threshold: float) -> float:
    """Return the share of a parameter's range that is at least `threshold`. Exactly `off` counts as half of the range.

    >>> share_above(Float(0.01, 1.0, log=True), 0.1)
    0.5
    """
    match node:
        case Fixed(value):
            return float(_reaches(value, threshold))
        case Choice(options):
            return float(np.mean([_reaches(option, threshold) for option in options]))
    if node.off is not None:
        return 0.5 * share_above(Fixed(node.off), threshold) + 0.5 * share_above(replace(node, off=None), threshold)
    if isinstance(node, Int) or node.step is not None:
        values = np.arange(node.low, node.high + 0.5 * (node.step or 1), node.step)
        return float(np.mean(values >= threshold)) if not node.log else _log_int_share(node, values, threshold)
    low, high, at = node.low, node.high, min(max(threshold, node.low), node.high)
    if low == high:
        return float(low >= threshold)
    return math.log(high / at) / math.log(high / low) if node.log else (high - at) / (high - low)


def _log_int_share(node: Int | Float, values: Rows, threshold: float) -> float:
    """Return the share for a logarithmic integer range. Each integer is as likely as the interval that rounds to it."""
    edges = np.log(np.append(values - 0.5, node.high + 0.5))
    return float(np.diff(edges)[values >= threshold].sum() / (edges[-1] - edges[0]))


def _of_arm(arm: Arm, train: Rows, support: Support) -> Iterator[Collapse]:
    nodes = arm.space.nodes
    for variant, params in arm.branches("variant").items():
        part = load(Variant, variant)
        if part.kl_weight is None:
            continue
        weight = params.get(part.kl_weight, Fixed(getattr(part, part.kl_weight)))
        for loss, loss_params in arm.branches("loss").items():
            for scaling in _scalings(nodes, loss):
                x = Scaler.fit(scaling, train, support).transform(train)
                found = [critical_weight(sampled, x) for sampled in _losses(loss, loss_params)]
                shares = [0.0 if at is None else share_above(weight, at) for at in found]
                doomed = [at for at, share in zip(found, shares, strict=True) if at is not None and share > ROUNDING]
                if doomed:
                    ends, fixed = (min(doomed), max(doomed)), isinstance(weight, Fixed)
                    share = float(np.mean(shares))
                    yield Collapse(arm.name, variant, loss, scaling, part.kl_weight, fixed, ends, share)


def _scalings(nodes: Mapping[str, Node], loss: str) -> tuple[Any, ...]:
    """Return the scalings that can come up with a loss."""
    required, node = required_scaling(loss), nodes.get("scaling", Fixed(Spec().scaling))
    if required is not None:
        return (required,)
    return node.options if isinstance(node, Choice) else (node.value,) if isinstance(node, Fixed) else ()


def _losses(name: str, params: Mapping[str, Leaf]) -> Iterator[Loss]:
    """Yield the loss at every combination of POINTS points of each parameter's range."""
    space = Space({"loss": OneOf({name: params})})
    middles = (np.arange(POINTS) + 0.5) / POINTS
    for u in itertools.product(middles, repeat=space.dimensions):
        values = space.suggest(UnitTrial(dict(zip(space.names, u, strict=True))))
        chosen = {path.rpartition(".")[2]: value for path, value in values.items() if path.startswith("loss.")}
        loss = make(Loss, name, chosen)
        yield loss


def _reaches(value: object, threshold: float) -> bool:
    assert isinstance(value, int | float)
    return value >= threshold * (1 - ROUNDING)
