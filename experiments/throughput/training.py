"""One trial's training: vaebench's warm program against `fit`, and against the arithmetic limit, all on one core.

As a script (`training.py vaebench`, `training.py naive`, `training.py bare`) it is a child that trains when asked to.
"""

import os
import statistics
import sys
import time
from dataclasses import replace
from functools import cache
from typing import Any

from children import THROUGHPUT, answer, child

from vaebench.parts import make
from vaebench.search.local_workers import ENVIRONMENT
from vaebench.study.file import load
from vaebench.study.replicate import Replicate
from vaebench.study.space import RandomTrial
from vaebench.study.spec import Spec
from vaebench.trial.scaling import Scaler
from vaebench.variants import Variant

VARIANTS = ("ae", "vae")
LATENT_DIM = 8
BARE_SECONDS = 5.0


def spec_of(variant: str) -> Spec:
    """Return a spec of the study: all epochs trained, so that both sides take as many steps."""
    drawn = Spec.from_flat(load(THROUGHPUT).arms[0].space.suggest(RandomTrial(0)))
    own = {"beta": 0.1} if variant == "vae" else {}
    return replace(
        drawn, variant=make(Variant, variant, own), latent_dim=LATENT_DIM, learning_rate=1e-3, early_stopping="off"
    )


def rows_of(replicate: Replicate, spec: Spec) -> tuple[Any, Any]:
    """Return scaled training and test rows."""
    draw = replicate.draw()
    scaler = Scaler.fit(spec.scaling, draw.train)
    return scaler.transform(draw.train), scaler.transform(draw.test)


@cache
def timings(repeats: int, variants: tuple[str, ...] = VARIANTS) -> dict[str, dict[str, float]]:
    """Measure each variant's training on one core, sides taking turns; return medians in seconds.

    vaebench: the warm program. limit: the arithmetic alone. fit: build, compile and fit, as each trial pays them.
    again: a second fit of the same model, which is traced already.
    """
    core = max(os.sched_getaffinity(0))
    found: dict[str, dict[str, list[float]]] = {variant: {} for variant in variants}
    with (
        child("training.py", "vaebench", *variants, core=core, **ENVIRONMENT) as ours,
        child("training.py", "naive", *variants, core=core) as naive,
    ):
        ours.answer()
        naive.answer()
        for _ in range(repeats):
            for variant in variants:
                for side in (ours, naive):
                    for name, value in side.ask(variant).items():
                        found[variant].setdefault(name, []).append(value)
    return {
        variant: {name: statistics.median(values) for name, values in one.items()} for variant, one in found.items()
    }


def bare_gain(repeats: int) -> float:
    """Return how many times the training of one process two processes get through, each on a core of its own; a median.

    That is what the machine allows: they share memory and clock, and nothing else.
    """
    gains = []
    first, second = sorted(os.sched_getaffinity(0))[:2]
    with (
        child("training.py", "bare", "ae", core=first, **ENVIRONMENT) as one,
        child("training.py", "bare", "ae", core=second, **ENVIRONMENT) as other,
    ):
        for waiting in (one, other):
            waiting.answer()
        for _ in range(repeats):
            alone = one.ask("")
            for together in (one, other):
                together.send("")
            gains.append((one.answer() + other.answer()) / alone)
    return statistics.median(gains)


def _bare(variants: list[str]) -> None:
    """Train for some seconds when asked to, and answer how often."""
    from vaebench.engine.train import train

    spec = spec_of(variants[0])
    rows = rows_of(load(THROUGHPUT).replicate("search", 0), spec)
    train(spec, *rows, 0)  # compiles
    answer("ready")
    for _ in sys.stdin:
        clock, done = time.perf_counter(), 0
        while (spent := time.perf_counter() - clock) < BARE_SECONDS:
            train(spec, *rows, done)
            done += 1
        answer(done / spent)


def _vaebench(variants: list[str]) -> None:
    """Train with vaebench when asked to."""
    from arithmetic import limit

    from vaebench.engine.train import train

    replicate = load(THROUGHPUT).replicate("search", 0)
    for variant in variants:  # compiles
        train(spec_of(variant), *rows_of(replicate, spec_of(variant)), 0)
    answer("ready")
    for number, line in enumerate(sys.stdin):
        variant = line.strip()
        spec = spec_of(variant)
        rows = rows_of(replicate, spec)
        operations, least = limit(spec, rows[0].shape[1], len(rows[0]), heads=2 if variant == "vae" else 1)
        train(spec, *rows, number)  # after another process had the core
        trained = []
        for seed in range(5):
            clock = time.perf_counter()
            train(spec, *rows, seed)
            trained.append(time.perf_counter() - clock)
        answer({"vaebench": statistics.median(trained), "limit": least, "operations": operations})


def _naive(variants: list[str]) -> None:
    """Train with Keras' fit when asked to."""
    import keras
    import naive

    replicate = load(THROUGHPUT).replicate("search", 0)
    for variant in variants:  # whatever happens once a process
        spec = replace(spec_of(variant), epochs=1)
        train_rows, _ = rows_of(replicate, spec)
        naive.fit(naive.build(spec, train_rows.shape[1]), train_rows, spec)
    answer("ready")
    for line in sys.stdin:
        spec = spec_of(line.strip())
        train_rows, _ = rows_of(replicate, spec)
        keras.backend.clear_session()
        clock = time.perf_counter()
        model = naive.build(spec, train_rows.shape[1])
        naive.fit(model, train_rows, spec)
        first = time.perf_counter() - clock
        clock = time.perf_counter()
        naive.fit(model, train_rows, spec)
        answer({"fit": first, "again": time.perf_counter() - clock})


if __name__ == "__main__":
    {"vaebench": _vaebench, "naive": _naive, "bare": _bare}[sys.argv[1]](sys.argv[2:])
