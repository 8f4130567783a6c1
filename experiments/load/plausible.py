"""Evaluations that cost nothing, with results of the usual size. Workers import them by name."""

import os
import time

from vaebench.search import joined, versions
from vaebench.seeds import generator
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

POINTS = 12
"""Of a curve: as many as vaebench.trial.evaluate keeps."""
METRICS = ("std_ratio", "generated_mean", "generated_std", "wasserstein")
CONFIRMED = ("energy", "quantile_error", "q01_error", "q05_error", "q50_error", "q95_error", "q99_error", "ks_exact")


def plausible(spec: Spec, replicate: Replicate) -> Result:
    """Return metrics and curves of the usual number, better for some specs than for others. One trial in 50 fails."""
    random = generator("load", spec.seed, replicate.seed)
    started = time.time()
    if random.random() < 0.007:
        return Result(reason="loss is NaN in epoch 7", started=started, seconds=0.01)
    worth = 0.05 + 0.002 * abs(spec.latent_dim - 7) + spec.dropout / 10
    ks, mean, std, *rest = worth * (0.7 + 0.6 * random.random(3 + len(METRICS) + len(CONFIRMED)))
    metrics = {"ks": ks, "mean_error": 20 * mean, "std_error": 14 * std}
    metrics |= dict(zip((*METRICS, *(CONFIRMED if replicate.phase == "confirm" else ())), rest, strict=False))
    losses = ("reconstruction", "kl", "total") if spec.variant.name == "vae" else ("reconstruction", "total")
    curves = {
        f"{part}.{loss}": tuple((1 + 9 * point, value) for point, value in enumerate(map(float, random.random(POINTS))))
        for part in ("training", "validation")
        for loss in losses
        if (replicate.phase, replicate.index) == ("search", 0)
    }
    metrics = {name: float(value) for name, value in metrics.items()}
    return Result(metrics=metrics, curves=curves, epochs=100, started=started, seconds=0.01)


def after_a_fit(spec: Spec, replicate: Replicate) -> Result:
    """Answer after as long as a fit takes: FIT_SECONDS of the environment, half to three halves of it."""
    time.sleep(float(os.environ["FIT_SECONDS"]) * (0.5 + generator("time", spec.seed, replicate.seed).random()))
    return plausible(spec, replicate)


def dask_setup(_: object = None) -> None:
    """Let workers have many threads, as Dask calls it where this file is preloaded: here nothing trains."""
    joined.wrong = versions.wrong = lambda there, expected, threads: versions.differences(there, expected)


def nothing(*_: object) -> None:
    """Find no evidence, and compile nothing."""
