"""Study records made by hand, for tests that need no training."""

import numpy as np

from vaebench.study.file import from_plain
from vaebench.study.records import Attainable, BaselineRecord, Result, StudyRecord, TrialRecord

START = 1_700_000_000.25
ERRORS = {"ks": 0.05, "mean_error": 1.0, "std_error": 0.7}


def result(ks: float, replicate: int = 0, *, reason: str | None = None) -> Result:
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


def trial(number: int, *, reason: str | None = None, confirmed: int = 0) -> TrialRecord:
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
        results=tuple(result(ks, replicate, reason=reason) for replicate in range(2)),
        started=START + 10 * number,
        ended=START + 10 * number + 4.5,
        confirmation=tuple(result(ks + 0.01, replicate) for replicate in range(confirmed)),
    )


def study(trials: list[TrialRecord], *, name: str = "gaussian", budget: int = 0, confirmed: int = 0) -> StudyRecord:
    plain = {
        "study": {"name": name, "question": "Which one is best?", "trials": budget or len(trials), "seed": 0},
        "data": {"distribution": {"name": "norm", "loc": 100.0, "scale": 10.0}, "rows": 100, "test_fraction": 0.33},
        "search": {"latent_dim": {"int": [1, 42]}},
        "confirm": {"top": 1, "replicates": 3},
    }
    baselines = [("gaussian", "baseline", 0.06), ("kde", "baseline", 0.07), ("truth", "floor", 0.01)]
    return StudyRecord(
        definition=from_plain(plain),
        attainable=Attainable(ERRORS),
        trials=tuple(trials),
        baselines=tuple(
            BaselineRecord(
                name=one,
                kind="floor" if kind == "floor" else "baseline",
                search=tuple(result(ks, replicate) for replicate in range(2)),
                confirmation=tuple(result(ks, replicate) for replicate in range(confirmed)),
            )
            for one, kind, ks in baselines
        ),
    )


def rows(seed: int, n: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 10, (n, 1))
