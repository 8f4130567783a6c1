"""The attainable errors, simulated by the workers once and kept for every later study of the same data set."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from vaebench.baselines import Baseline
from vaebench.files import own_cache, write_whole
from vaebench.parts import modules
from vaebench.scoring import attainable as simulation
from vaebench.scoring.attainable import VERSION, attainable_draws, best_of, combine, final_draws, suitable
from vaebench.search.events import Advanced, Observer, Step
from vaebench.search.tasks import Workers, result_of
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Attainable
from vaebench.study.replicate import Replicate

PIECE = 250
"""Draws per task."""


def begin_attainable(definition: StudyDefinition, workers: Workers) -> Callable[[Observer], Attainable]:
    """Start the simulation, unless the cache has its result. Return a function that waits for it and caches it."""
    first = definition.baseline_replicate("attainable", 0)
    first = replace(first, study_seed=0)  # studies of one data set share one scale
    key = _key(first)
    if (kept := _read(key)) is not None:
        return lambda _: kept
    names = suitable(first.data_set)
    screening = {name: workers.submit(attainable_draws, first, name, 0, simulation.SCREENING) for name in names}

    def simulate(observer: Observer) -> Attainable:
        start, stop = final_draws(first)
        begins = range(start, stop, PIECE)
        observer(Step("simulating what the best baseline can reach", len(screening) + len(begins)))
        screened = {}
        for name, future in screening.items():
            screened[name] = result_of(future)
            observer(Advanced())
        name = best_of(screened)
        pieces = [workers.submit(attainable_draws, first, name, begin, min(begin + PIECE, stop)) for begin in begins]
        results = []
        for piece in pieces:
            results += result_of(piece)
            observer(Advanced())
        found = combine(name, results)
        _write(key, found)
        return found

    return simulate


def _key(first: Replicate) -> str:
    """Return the cache key: the data, the baselines there are, the version of the simulation and of the libraries."""
    kept = [str(VERSION), repr(first), repr(first.data_set.plain()), *modules(Baseline)]
    kept += [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    return hashlib.sha256("\x1f".join(kept).encode()).hexdigest()[:16]


def _file(key: str) -> Path:
    return own_cache("attainable") / f"{key}.json"


def _read(key: str) -> Attainable | None:
    try:
        kept = Attainable(**json.loads(_file(key).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return kept if kept.metrics else None


def _write(key: str, found: Attainable) -> None:
    with suppress(OSError):  # the next study then simulates again
        write_whole(_file(key), lambda part: part.write_text(json.dumps(asdict(found))))
