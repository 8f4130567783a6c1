"""References: the baselines and the noise floor, scored on the same replicates as the trials."""

import time

from vaebench.baselines import Baseline
from vaebench.parts import load, modules
from vaebench.records import Draw, Metrics, Result
from vaebench.replicates import Replicate
from vaebench.scoring import measure
from vaebench.seeds import generator

FLOOR = "truth"
"""The noise floor's name: true samples scored against other true samples."""


def names() -> tuple[str, ...]:
    """Return the name of every reference: the baselines found, then the floor."""
    return (*modules("baseline"), FLOOR)


def evaluate_reference(name: str, replicate: Replicate) -> Result:
    """Score the baseline called `name`, or the floor, on `replicate`.

    Whatever goes wrong in fitting or scoring is the result's reason. Raises InputError for an unknown name.
    """
    baseline = None if name == FLOOR else _baseline(name)
    draw = replicate.draw()
    started, clock = time.time(), time.perf_counter()
    metrics: Metrics = {}
    reason = None
    try:
        metrics = _metrics(baseline, replicate, draw)
    except Exception as error:  # a baseline may be anybody's code: its failure must not end the study
        reason = f"{type(error).__name__}: {error}"
    return Result(metrics=metrics, reason=reason, started=started, seconds=time.perf_counter() - clock)


def _metrics(baseline: Baseline | None, replicate: Replicate, draw: Draw) -> Metrics:
    if baseline is None:
        rows = draw.floor
    else:
        random = generator("baseline", baseline.name, replicate.seed)
        rows = baseline.generate(draw.train, replicate.generated, random)
    return measure(rows, draw, replicate.data_set, replicate.phase)


def _baseline(name: str) -> Baseline:
    baseline = load("baseline", name)()
    assert isinstance(baseline, Baseline)
    return baseline
