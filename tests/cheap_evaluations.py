"""Evaluations that cost nothing, for studies that test the study and not the engine. Workers import them by name."""

import fcntl
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

from vaebench.seeds import generator
from vaebench.study.records import Attainable, Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec


def cheap(spec: Spec, replicate: Replicate) -> Result:
    """Score a spec by a bowl in latent_dim and learning_rate, with noise of its own for each spec and replicate."""
    noise = generator(spec.seed, replicate.seed).random()
    ks = 0.01 * abs(spec.latent_dim - 7) + abs(math.log10(spec.learning_rate) + 3) + 0.01 * noise
    metrics = {"ks": ks, "mean_error": 2 * ks + noise, "std_error": 1 - noise / 3, "exact": 0.1 + 0.2}
    return Result(
        metrics=metrics,
        curves={"training.total": ((1, 1 / 3), (50, ks))},
        epochs=50,
        started=time.time(),
        seconds=0.001,
    )


def logged(spec: Spec, replicate: Replicate) -> Result:
    """Evaluate, and leave a line of it in the file that EVALUATIONS names."""
    with Path(os.environ["EVALUATIONS"]).open("a") as file:
        file.write(f"{replicate.phase} {replicate.index} {spec.seed}\n")
    return cheap(spec, replicate)


def wide_fails(spec: Spec, replicate: Replicate) -> Result:
    """Fail the second replicate of every spec with latent_dim over 21."""
    result = cheap(spec, replicate)
    if spec.latent_dim > 21 and replicate.index == 1:
        return Result(reason="overflow in epoch 3", started=result.started, seconds=result.seconds)
    return result


def wide_raises(spec: Spec, replicate: Replicate) -> Result:
    """Raise on every spec with latent_dim over 21."""
    if spec.latent_dim > 21:
        raise ValueError(f"latent_dim {spec.latent_dim} is too much")
    return cheap(spec, replicate)


def wide_is_nan(spec: Spec, replicate: Replicate) -> Result:
    """Score every spec with latent_dim over 21 with NaN."""
    result = cheap(spec, replicate)
    return Result(metrics={**result.metrics, "ks": math.nan}) if spec.latent_dim > 21 else result


def signals(spec: Spec, replicate: Replicate) -> Result:
    """Send SIGNAL to VICTIM in the middle of evaluation number AT.

    VICTIM is "self", "leader" (of the session: a worker's coordinator), or "group", to which a terminal sends Ctrl-C.
    """
    with Path(os.environ["EVALUATIONS"]).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        number = file.seek(0, os.SEEK_END)
        file.write(".")
    if number == int(os.environ["AT"]):
        victims = {"self": os.getpid(), "leader": os.getsid(0), "group": 0}
        os.kill(victims[os.environ["VICTIM"]], int(os.environ["SIGNAL"]))
    return cheap(spec, replicate)


def nothing(*_: object) -> None:
    """Do nothing, in place of a task that takes seconds."""


def scale(*_: object) -> Callable[[object], Attainable]:
    """Stand in for the simulation of what is attainable, which takes seconds."""
    metrics = {"ks": 0.05, "mean_error": 0.8, "std_error": 0.7}
    return lambda _: Attainable(
        metrics, {name: 0.01 * value for name, value in metrics.items()}, "gaussian", 2000, "score"
    )
