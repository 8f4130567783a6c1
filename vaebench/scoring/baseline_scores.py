"""The baselines and the noise floor, scored on the same replicates as the trials."""

import time

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.errors import PASSING
from vaebench.parts import load, modules
from vaebench.rows import Draw, Metrics
from vaebench.scoring.score import measure
from vaebench.seeds import generator
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate

FLOOR = "truth"
"""The noise floor's name: true samples scored against other true samples."""


def baseline_names(data_set: DataSet) -> tuple[str, ...]:
    """Return the names of the baselines that suit `data_set`, then the name of the noise floor."""
    return (*(name for name in modules(Baseline) if baseline(name).suits(data_set)), FLOOR)


def baseline(name: str) -> Baseline:
    """Return the baseline called `name`. Raises InputError for an unknown name."""
    return load(Baseline, name)()


def evaluate_baseline(name: str, replicate: Replicate) -> Result:
    """Score the baseline called `name`, or the noise floor, on `replicate`.

    A failure in fitting or scoring becomes the result's reason. Raises InputError for an unknown name.
    """
    chosen = None if name == FLOOR else baseline(name)
    draw = replicate.draw()
    started, clock = time.time(), time.perf_counter()
    metrics: Metrics = {}
    reason = None
    try:
        metrics = _metrics(chosen, replicate, draw)
    except PASSING:
        raise
    except Exception as error:  # it may be third-party code: its failure must not end the study
        reason = f"{type(error).__name__}: {error}"
    return Result(metrics=metrics, reason=reason, started=started, seconds=time.perf_counter() - clock)


def _metrics(chosen: Baseline | None, replicate: Replicate, draw: Draw) -> Metrics:
    if chosen is None:
        rows = draw.floor
    else:
        random = generator("baseline", chosen.name, replicate.seed)
        rows = chosen.generate(draw.train, replicate.generated, random, replicate.data_set)
    return measure(rows, draw, replicate.data_set, replicate.phase)
