"""Attaining: what is attainable, simulated by the workers once and kept for every later study of the same data set."""

import hashlib
import importlib.util
import json
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.files import cache_folder
from vaebench.parts import modules
from vaebench.scoring import attainable as simulation
from vaebench.scoring.attainable import (
    Attainable,
    attainable_draws,
    best_of,
    combine,
    final_draws,
    suitable,
)
from vaebench.search.tasks import Workers, result_of
from vaebench.study.definition import StudyDefinition
from vaebench.study.replicate import Replicate

CODE = (
    "vaebench.scoring.attainable",
    "vaebench.scoring.references",
    "vaebench.study.replicate",
    "vaebench.seeds",
    "vaebench.scoring.score",
    "vaebench.scoring.metrics.distances",
    "vaebench.scoring.metrics.one_column",
    "vaebench.gaussian_mixture",
    "vaebench.data_sets",
)
"""What the simulation runs through, besides data sets and baselines."""
PIECE = 250
"""Draws of a task."""


def begin_attainable(definition: StudyDefinition, workers: Workers) -> Callable[[], Attainable]:
    """Let the workers begin, where nothing is kept yet; what is returned waits, and keeps what comes out."""
    first = replace(definition.replicate("attainable", 0), study_seed=0)  # studies of one data set share one scale
    file = cache_folder() / "attainable" / f"{_digest(first)}.json"
    if (kept := _read(file)) is not None:
        return lambda: kept
    names = suitable(first.data_set)
    screening = {name: workers.submit(attainable_draws, first, name, 0, simulation.SCREENING) for name in names}

    def simulate() -> Attainable:
        name = best_of({name: result_of(future) for name, future in screening.items()})
        start, stop = final_draws(first)
        pieces = [
            workers.submit(attainable_draws, first, name, begin, min(begin + PIECE, stop))
            for begin in range(start, stop, PIECE)
        ]
        found = combine(name, [result for piece in pieces for result in result_of(piece)])
        _write(file, found)
        return found

    return simulate


def _digest(first: Replicate) -> str:
    """Return what tells these inputs from all others, and the code that simulates from what it was before a change."""
    kept = [repr(first), repr(first.data_set.plain())]
    kept += [f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    for module in (*CODE, *modules(DataSet).values(), *modules(Baseline).values()):
        spec = importlib.util.find_spec(module)
        kept.append(Path(spec.origin).read_text() if spec and spec.origin else module)
    return hashlib.sha256("\x1f".join(kept).encode()).hexdigest()[:16]


def _read(file: Path) -> Attainable | None:
    try:
        return Attainable(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: Path, found: Attainable) -> None:
    with suppress(OSError):  # then the next study simulates again
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{uuid.uuid4().hex}.part")
        part.write_text(json.dumps(asdict(found)))
        os.replace(part, file)
