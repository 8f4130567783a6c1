"""The baselines and the noise floor, scored on the same replicates as the trials."""

import time
from typing import TYPE_CHECKING

import numpy as np

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.errors import PASSING, InputError
from vaebench.parts import load, modules
from vaebench.rows import Draw, Metrics, Rows
from vaebench.scoring.metrics.one_column import PERCENT
from vaebench.scoring.score import measure
from vaebench.seeds import generator
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result
from vaebench.study.replicate import DEFAULTS, Replicate
from vaebench.study.support import kept_within, supports

if TYPE_CHECKING:
    import pandas as pd

FLOOR = "truth"
"""The noise floor's name: true samples scored against other true samples."""
SCATTER = (
    *("ks", "mean_error", "std_error", "wasserstein", "empty_error"),
    *("sliced_wasserstein", "correlation_error", "association_error", "copula_error"),
)
"""Metrics that, of true samples, are nothing but the scatter of both sides."""
QUANTILES = ("quantile_error", *(f"q{percent:02d}_error" for percent in PERCENT))
"""More of them."""


def baseline_names(data_set: DataSet) -> tuple[str, ...]:
    """Return the names of the baselines that suit `data_set`, then the name of the noise floor."""
    return (*(name for name in modules(Baseline) if baseline(name).suits(data_set)), FLOOR)


def baseline(name: str, defaults: int = DEFAULTS) -> Baseline:
    """Return the baseline called `name` of an edition of the defaults. Raises InputError for an unknown name."""
    return load(Baseline, name).of(defaults)


def copies(name: str) -> bool:
    """Return whether the baseline called `name` returns training rows, or blends of near ones."""
    try:
        return name != FLOOR and baseline(name).copies
    except InputError:  # its file was removed since
        return False


def evaluate_baseline(name: str, replicate: Replicate) -> Result:
    """Score the baseline called `name`, or the noise floor, on `replicate`.

    A failure in fitting or scoring becomes the result's reason. Raises InputError for an unknown name.
    """
    chosen = None if name == FLOOR else baseline(name, replicate.defaults)
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
        measured = measure(draw.floor, draw, replicate.data_set, replicate.phase)
        return of_many(measured, len(draw.floor), replicate.generated, len(draw.true))
    random = generator("baseline", chosen.name, replicate.seed)
    rows = generated_rows(chosen, draw, replicate.generated, random, replicate.data_set)
    return measure(rows, draw, replicate.data_set, replicate.phase)


def generated_rows(chosen: Baseline, draw: Draw, n: int, random: np.random.Generator, data_set: DataSet) -> Rows:
    """Return `n` rows of a baseline, kept within what is known of the columns as those of trials are."""
    if kinds := draw.support.kinds:
        rows = chosen.generate_mixed(draw.train, kinds, n, random, data_set)
    else:
        rows = chosen.generate(draw.train, n, random, data_set)
    within: Rows = kept_within(supports(draw.support, draw.train)).take(rows, random)
    return within


def rows_of_baseline(definition: StudyDefinition, name: str, n: int, seed: int) -> "pd.DataFrame":
    """Return `n` rows of the baseline called `name`, fitted as generators for use are; the same for the same `seed`.

    They are kept within all that is known of the columns, as those of a trial are; scored rows within declared bounds.
    """
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    draw = definition.fitted_for_use()
    random = generator("rows of a baseline", name, seed)
    with threadpool_limits(1):  # several threads on small matrices wait for each other, most of all on a busy machine
        rows = generated_rows(baseline(name, definition.defaults), draw, n, random, definition.data_set)
    return definition.data_set.decode(rows)


def of_many(metrics: Metrics, rows: int, generated: int, true: int) -> Metrics:
    """Return what `generated` perfect rows are expected to have, from the metrics of `rows` true rows, fewer of them.

    Generated rows are many, and a file has few to spare. Both sides' scatter adds up, so the errors of n perfect rows
    against m true samples are in proportion to sqrt(1/n + 1/m); energy, which is a square, to its square.
    """
    if rows >= generated:
        return metrics
    factor = ((1 / generated + 1 / true) / (1 / rows + 1 / true)) ** 0.5
    powers = {name: _power(name.partition(".")[0]) for name in metrics}
    return {name: value * factor ** powers[name] for name, value in metrics.items()}


def _power(name: str) -> int:
    return 2 if name == "energy" else int(name in SCATTER or name in QUANTILES)
