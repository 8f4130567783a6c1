"""Small specs and replicates, for tests that train. They share one compiled program a variant: compiling is slow."""

import dataclasses
from pathlib import Path
from typing import Any

from vaebench.data_sets import DataSet
from vaebench.data_sets.distribution import Distribution
from vaebench.parts import Part, make
from vaebench.rows import Phase
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import from_plain
from vaebench.study.records import Result, TrialRecord
from vaebench.study.replicate import Replicate
from vaebench.study.spec import PARTS, Spec

NORMAL = Distribution.parse({"name": "norm", "loc": 100, "scale": 10}, Path())


def small_spec(variant: str | Part = "vae", **more: Any) -> Spec:
    """Return a spec with one hidden layer of 8 units on each side; parts are given by name, or as they are."""
    given: dict[str, Any] = {"variant": variant, **more}
    for kind, base in PARTS.items():
        if isinstance(given.get(kind), str):
            given[kind] = make(base, given[kind])
    return Spec(**{"encoder": (8,), "decoder": (8,), "batch_size": 16, "epochs": 40, "learning_rate": 0.01, **given})


def small_replicate(
    index: int = 0, *, phase: Phase = "search", size: int = 2000, rows: int = 100, data_set: DataSet = NORMAL
) -> Replicate:
    """Return a replicate of N(100, 10): 67 training rows, scored on `size` against `size` rows."""
    return Replicate(data_set, rows, 0.33, size, size, 0, phase, index)


def small_definition(*, size: int = 2000, rows: int = 100, data_set: DataSet = NORMAL) -> StudyDefinition:
    """Return a study whose search replicates are those of `small_replicate`."""
    plain = {"study": {"name": "small"}, "data": {"distribution": NORMAL.plain()}}
    sizes: dict[str, Any] = {"rows": rows, "test_fraction": 0.33, "generated": size, "true": size}
    return dataclasses.replace(from_plain(plain), data_set=data_set, **sizes)


def small_trial(spec: Spec, *, number: int = 0, epochs: tuple[int, ...] = (40,)) -> TrialRecord:
    """Return a finished trial of `spec`, one search replicate for each of `epochs`."""
    return TrialRecord(number, spec.flat(), tuple(Result(epochs=count) for count in epochs), 0.0, 1.0)
