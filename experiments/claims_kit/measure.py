"""Measure every cell on every draw, over worker processes. What is finished is kept and not measured again."""

import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from experiments.claims_kit.cells import Cell, fits
from experiments.claims_kit.experiment import experiment
from vaebench.scoring.baseline_scores import evaluate_baseline
from vaebench.search.journal import append, cut_torn_line
from vaebench.search.tasks import Workers, result_of
from vaebench.search.workers import executor
from vaebench.seeds import generator
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

Stored = Mapping[tuple[str, int], Mapping[str, Any]]
"""Metrics by a cell's key and a draw; of one that failed the `reason` alone."""
FITS_OF_A_POOL = 250
"""Fits until workers start anew: a program of Keras's layers takes 100 MB, which a process never gives back."""


def stored(path: Path) -> Stored:
    """Return what is kept at `path`; a line torn by a kill is cut off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut_torn_line(path)
    lines = map(json.loads, path.read_text().splitlines())
    return {(line["cell"], line["draw"]): line["metrics"] for line in lines}


def measure_missing(name: str, cells: Sequence[Cell], path: Path, workers: int) -> None:
    """Measure what is not kept at `path`, fit by fit, each on all its draws, and keep it there."""
    have, groups = stored(path), fits(cells)
    wanted = [
        (lacking, draw)
        for group in groups
        for draw in range(max(cell.definition.replicates for cell in group))
        if (lacking := [c for c in group if draw < c.definition.replicates and (c.key, draw) not in have])
    ]
    if not wanted:
        return
    print(f"{name}: {len(wanted)} fits on {workers} workers", flush=True)
    started = time.monotonic()
    for start in range(0, len(wanted), FITS_OF_A_POOL):
        some = wanted[start : start + FITS_OF_A_POOL]
        with Workers(partial(executor, workers)) as pool:
            tasks = [pool.submit(_measure, name, _plan(group, draw)) for group, draw in some]
            for (group, draw), task in zip(some, tasks, strict=True):
                for cell, metrics in zip(group, result_of(task), strict=True):
                    append(path, {"cell": cell.key, "draw": draw, "metrics": metrics})
        done = start + len(some)
        left = (time.monotonic() - started) * (len(wanted) / done - 1)
        print(f"{name}: {done} of {len(wanted)} fits, {left / 60:.0f} min left", flush=True)


def _plan(group: Sequence[Cell], draw: int) -> tuple[list[Spec], str, Replicate]:
    """Return what a worker needs of cells that share a fit: their specs, or their baseline, and the draw."""
    replicate = group[0].definition.replicate("search", draw)
    return [cell.spec for cell in group if cell.spec is not None], group[0].baseline, replicate


def _measure(name: str, plan: tuple[list[Spec], str, Replicate]) -> list[dict[str, Any]]:
    """Return the metrics of each cell of a plan, or the reason why it failed. Runs in a worker."""
    specs, baseline, replicate = plan
    if not specs:
        result = evaluate_baseline(baseline, replicate)
        return [{"reason": result.reason} if result.reason else dict(result.metrics)]
    return measure_fit(specs, replicate, experiment(name).extra)


def measure_fit(specs: Sequence[Spec], replicate: Replicate, extra: Any = None) -> list[dict[str, Any]]:
    """Train once and measure each of `specs`, which differ in how they generate alone.

    The numbers are those of vaebench.trial.evaluate for each spec by itself.
    """
    import numpy as np

    from vaebench.latent_samplers import Latent
    from vaebench.rows import Rows
    from vaebench.scoring.score import measure
    from vaebench.trial.fit import FittingError, encode, fit_seed

    with np.errstate(all="ignore"):  # values that are not finite are reported by name
        try:
            encoded = encode(specs[0], replicate.draw(), fit_seed(specs[0], replicate))
        except FittingError as error:
            return [{"reason": str(error)} for _ in specs]
        further = dict(extra(encoded, replicate)) if extra else {}
        kept: list[tuple[Latent, Rows]] = []

        def decode(z: Latent) -> Rows:
            """Decode, but not twice in a row what differs in the noise alone."""
            if not kept or not np.array_equal(kept[0][0], z):
                kept[:] = [(z, encoded.trained.decode(z))]
            return kept[0][1]

        measured: list[dict[str, Any]] = []
        for spec in specs:
            try:
                recipe = encoded.fitted(spec).recipe
                random = generator("generate", spec.seed, replicate.seed)
                generated = recipe.generate(decode, replicate.generated, random)
                metrics = measure(generated, encoded.draw, replicate.data_set, replicate.phase)
                measured.append({**metrics, **further})
            except (FittingError, ValueError) as error:
                measured.append({"reason": str(error)})
        return measured
