"""Clocks around functions, and `evaluate` with clocks around its parts, for the workers of a profiled study."""

import functools
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vaebench.study.records import Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

SECONDS: dict[str, float] = defaultdict(float)
"""Seconds spent so far, by the clock's name, in this process."""
PREFIX = "seconds."
"""What the metrics begin with in which a profiled result holds its seconds."""


def clock(owner: Any, attribute: str, name: str, now: Callable[[], float] = time.perf_counter) -> None:
    """Add up under `name` the time that calls of `owner.attribute` take."""
    original = getattr(owner, attribute)

    @functools.wraps(original)
    def clocked(*arguments: Any, **more: Any) -> Any:
        start = now()
        try:
            return original(*arguments, **more)
        finally:
            SECONDS[name] += now() - start

    setattr(owner, attribute, clocked)


@functools.cache
def clock_evaluation() -> None:
    """Set the clocks of this process, once."""
    from vaebench.trial import evaluate
    from vaebench.trial import fit as fitting

    clock(Replicate, "draw", "data")
    clock(fitting, "train", "train")
    clock(evaluate, "fit", "fit")  # holds data and train
    clock(fitting.Fitted, "generate", "decode")
    clock(evaluate, "measure", "score")


def evaluate_clocked(spec: Spec, replicate: Replicate) -> Result:
    """Evaluate like vaebench, and report the seconds of each part among the metrics."""
    from vaebench.trial.evaluate import evaluate

    clock_evaluation()
    SECONDS.clear()
    result = evaluate(spec, replicate)
    return replace(result, metrics={**result.metrics, **{PREFIX + name: own for name, own in SECONDS.items()}})
