"""Hand-made study records, for tests of what is made of a record."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vaebench.study.definition import Arm
from vaebench.study.file import from_plain
from vaebench.study.records import Attainable, BaselineRecord, Result, StudyRecord, TrialRecord
from vaebench.study.space import Space

ERRORS = {"ks": 0.05, "mean_error": 1.0, "std_error": 0.5}
ATTAINABLE = Attainable(ERRORS)
DEFINITION = from_plain(
    {"study": {"name": "hand-made"}, "data": {"distribution": {"name": "norm", "loc": 100.0, "scale": 10.0}}}
)


def result(score: float, **more: float) -> Result:
    """Return a result whose score is `score`: each main metric is that many times its attainable value."""
    return Result(metrics={name: score * value for name, value in ERRORS.items()} | more, seconds=0.5)


FAILURE = Result(reason="loss is NaN in epoch 3", seconds=0.25)


def results(scores: Sequence[float | None]) -> tuple[Result, ...]:
    """Return a result for each score; None stands for a failure."""
    return tuple(FAILURE if score is None else result(score) for score in scores)


def trial(
    number: int, search: Sequence[float | None], confirmation: Sequence[float | None] = (), arm: str = "", **params: Any
) -> TrialRecord:
    """Return a finished trial with these scores."""
    own = {"variant": "vae", "loss": "mse", "latent_sampler": "prior", "latent_dim": 1, **params}
    return TrialRecord(number, own, results(search), 0.0, 1.0, arm, results(confirmation))


def record(
    *trials: TrialRecord, baselines: Sequence[BaselineRecord] = (), objectives: tuple[str, ...] = ("score",)
) -> StudyRecord:
    """Return a study of these trials, with the arms that they are of."""
    arms = tuple(Arm(name=name, space=Space({})) for name in dict.fromkeys(trial.arm for trial in trials))
    definition = replace(DEFINITION, objectives=objectives, arms=arms or DEFINITION.arms)  # type: ignore[arg-type]
    return StudyRecord(definition, ATTAINABLE, trials, tuple(baselines))


def baseline(name: str, search: Sequence[float | None], confirmation: Sequence[float | None] = ()) -> BaselineRecord:
    """Return a baseline with these scores."""
    return BaselineRecord(name, "baseline", results(search), results(confirmation))


def floor(search: Sequence[float | None], confirmation: Sequence[float | None] = ()) -> BaselineRecord:
    """Return the noise floor with these scores."""
    return BaselineRecord("truth", "floor", results(search), results(confirmation))


def many_digits() -> StudyRecord:
    """Return a study of 12 trials, 3 of them confirmed, whose figures have many digits, and one that failed."""
    random = np.random.default_rng(0)
    trials = [
        trial(number, random.gamma(2, size=3), random.gamma(2, size=8) if number % 4 == 0 else (), seed=2**61 + number)
        for number in range(12)
    ]
    baselines = [baseline("gaussian", [1.0, 1 / 3], [2 / 3] * 8), floor([0.1, 0.1], [0.1] * 8)]
    return record(*trials, trial(12, [None]), baselines=baselines)
