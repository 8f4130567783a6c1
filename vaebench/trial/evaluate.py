"""Evaluate a spec on a replicate: fit, generate, score. A pure function, with the same result in every process."""

import time

import numpy as np

from vaebench.engine.train import Trained
from vaebench.rows import Curve
from vaebench.scoring.score import measure
from vaebench.seeds import generator
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.trial.fit import Fitted, FittingError, fit

CURVE_POINTS = 12
"""Points kept per loss curve. With 25, the curves took most of the 29 ms that MLflow needs per trial."""


def evaluate(spec: Spec, replicate: Replicate) -> Result:
    """Fit `spec` to `replicate` and score generated rows against true samples.

    Apart from its times, the result depends on the two alone. A failure is the result's `reason`, never an exception.
    """
    return evaluate_fitted(spec, replicate)[0]


def evaluate_fitted(spec: Spec, replicate: Replicate) -> tuple[Result, Fitted | None]:
    """Like `evaluate`, but also return what was fitted: None if it failed."""
    started, clock = time.time(), time.perf_counter()
    fitted: Fitted | None = None
    try:
        with np.errstate(all="ignore"):
            fitted = fit(spec, replicate)
            generated = fitted.generate(replicate.generated, generator("generate", spec.seed, replicate.seed))
        metrics = measure(generated, fitted.draw, replicate.data_set, replicate.phase)
    except (FittingError, ValueError) as error:
        return Result(reason=str(error), started=started, seconds=time.perf_counter() - clock), None
    result = Result(
        metrics=metrics,
        curves=curves(fitted.trained),
        epochs=len(fitted.trained.history),
        started=started,
        seconds=time.perf_counter() - clock,
    )
    return result, fitted


def curves(trained: Trained) -> dict[str, Curve]:
    """Return the loss curves by name ("training.total", "validation.kl", ...), thinned, epochs counted from 1."""
    penalty = trained.spec.variant.penalty_name
    names = ["reconstruction", penalty, "total"]
    epochs = len(trained.history)
    kept = np.unique(np.linspace(0, epochs - 1, min(epochs, CURVE_POINTS)).round().astype(int))
    return {
        f"{part}.{name}": tuple((int(epoch) + 1, float(trained.history[epoch, column])) for epoch in kept)
        for part, first in (("training", 0), ("validation", 3))
        for column, name in enumerate(names, start=first)
        if name is not None
    }
