"""Hand-made study records, for tests of what is made of a record."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vaebench.study.definition import Arm
from vaebench.study.file import from_plain
from vaebench.study.records import Attainable, BaselineRecord, Result, StudyRecord, TrialRecord

ERRORS = {"ks": 0.05, "mean_error": 1.0, "std_error": 0.5}
ATTAINABLE = Attainable(ERRORS)
DEFINITION = from_plain(
    {
        "study": {"name": "hand-made"},
        "data": {"distribution": {"name": "norm", "loc": 100.0, "scale": 10.0}},
        "search": {"learning_rate": {"float": [1e-4, 1e-2]}},
    }
)


SPACE = DEFINITION.arms[0].space


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
    resolved = {"variant": "vae", "loss": "mse", "latent_sampler": "prior", "latent_dim": 1, **params}
    return TrialRecord(number, resolved, results(search), 0.0, 1.0, arm, results(confirmation))


def record(
    *trials: TrialRecord, baselines: Sequence[BaselineRecord] = (), objectives: tuple[str, ...] = ("score",)
) -> StudyRecord:
    """Return a study of these trials, with the arms that they are of."""
    arms = tuple(Arm(name=name, space=SPACE) for name in dict.fromkeys(trial.arm for trial in trials))
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
        trial(
            number,
            random.gamma(2, size=3),
            random.gamma(2, size=8) if number % 4 == 0 else (),
            seed=2**61 + number,
            learning_rate=(number + 1) / 3000,
        )
        for number in range(12)
    ]
    baselines = [baseline("gaussian", [1.0, 1 / 3], [2 / 3] * 8), floor([0.1, 0.1], [0.1] * 8)]
    return record(*trials, trial(12, [None]), baselines=baselines)


START = 1_700_000_000.25
TIMED_ERRORS = {"ks": 0.05, "mean_error": 1.0, "std_error": 0.7}
"""What follows has times, curves and params, as MLflow is given them."""


def timed_result(ks: float, replicate: int = 0, *, reason: str | None = None) -> Result:
    metrics = {"ks": ks + replicate / 100, "mean_error": 20 * ks, "std_error": 14 * ks, "std_ratio": 1 - ks}
    epochs = [1, 2, 3, 5, 8]
    curves = {
        "training.reconstruction": tuple((epoch, 1 / epoch + ks) for epoch in epochs),
        "training.kl": tuple((epoch, ks * epoch) for epoch in epochs),
        "validation.reconstruction": tuple((epoch, 1.1 / epoch + ks) for epoch in epochs),
    }
    return Result(
        metrics={} if reason else metrics,
        curves=curves,
        reason=reason,
        epochs=8,
        started=START + replicate,
        seconds=0.5,
    )


def timed_trial(number: int, *, reason: str | None = None, confirmed: int = 0) -> TrialRecord:
    ks = 0.05 + 0.01 * ((7 * number) % 10)
    params = {
        "variant": ("ae", "vae")[number % 2],
        "loss": "mse",
        "latent_sampler": "gaussian",
        "latent_sampler.gaussian.scale": 1.25,
        "latent_dim": 1 + number % 42,
        "encoder": (200, 200, 50),
        "learning_rate": 0.001,
        "batch_norm": False,
    }
    return TrialRecord(
        number=number,
        params=params,
        results=tuple(timed_result(ks, replicate, reason=reason) for replicate in range(2)),
        started=START + 10 * number,
        ended=START + 10 * number + 4.5,
        confirmation=tuple(timed_result(ks + 0.01, replicate) for replicate in range(confirmed)),
    )


def timed_study(
    trials: list[TrialRecord], *, name: str = "gaussian", budget: int = 0, confirmed: int = 0
) -> StudyRecord:
    plain = {
        "study": {"name": name, "question": "Which one is best?", "trials": budget or max(1, len(trials)), "seed": 0},
        "data": {"distribution": {"name": "norm", "loc": 100.0, "scale": 10.0}, "rows": 100, "test_fraction": 0.33},
        "search": {"latent_dim": {"int": [1, 42]}},
        "confirm": {"top": 1, "replicates": 3},
    }
    baselines = [("gaussian", "baseline", 0.06), ("kde", "baseline", 0.07), ("truth", "floor", 0.01)]
    return StudyRecord(
        definition=from_plain(plain),
        attainable=Attainable(TIMED_ERRORS),
        trials=tuple(trials),
        baselines=tuple(
            BaselineRecord(
                name=baseline_name,
                kind="floor" if kind == "floor" else "baseline",
                search=tuple(timed_result(ks, replicate) for replicate in range(2)),
                confirmation=tuple(timed_result(ks, replicate) for replicate in range(confirmed)),
            )
            for baseline_name, kind, ks in baselines
        ),
    )
