"""The cells of a study's grid, and which of them share a fit."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optuna.trial import FixedTrial

from experiments.claims_kit.experiment import FOLDER, Experiment, experiment
from vaebench.seeds import derive
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import read, read_toml, to_plain
from vaebench.study.file.earlier import with_earlier_defaults
from vaebench.study.spec import GENERATING, Spec


@dataclass(frozen=True)
class Cell:
    """What is measured on every draw: a spec, or a baseline, on the data of a study."""

    form: str
    definition: StudyDefinition
    spec: Spec | None
    baseline: str = ""

    @property
    def labels(self) -> Mapping[str, Any]:
        """What it is, by column of a frame: form, rows, baseline, and every parameter of its spec by path."""
        flat = {} if self.spec is None else {key: value for key, value in self.spec.flat().items() if key != "seed"}
        return {"form": self.form, "rows": self.definition.rows, "baseline": self.baseline, **flat}

    @property
    def key(self) -> str:
        """A text that identifies what it is and on which data; its results are stored under it."""
        return self._digest(None if self.spec is None else self.spec.flat())

    @property
    def fit(self) -> str:
        """Cells of the same text share a fit."""
        return self._digest(None if self.spec is None else _trained(self.spec.flat()))

    def _digest(self, values: Mapping[str, Any] | None) -> str:
        plain = to_plain(self.definition)
        of = [plain["data"], plain["evaluation"], self.definition.seed, self.baseline, values]
        return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:16]


def cells_of(name: str) -> list[Cell]:
    """Return the cells of the full form of experiment `name`."""
    found = experiment(name)
    folder = FOLDER / name
    cells: list[Cell] = []
    for form, tables in found.full(read_toml(folder / "study.toml")).items():
        cells += grid(form, with_earlier_defaults(read(tables, folder)), found)  # as they were measured
    return cells


def grid(form: str, definition: StudyDefinition, of: Experiment) -> Iterator[Cell]:
    """Yield every cell of the grids of a study's arms, then the baselines."""
    for arm in definition.arms:
        for point in arm.space.grid():
            values = arm.space.suggest(FixedTrial(point))
            # The same seed for all that share a fit. It is exact as a float, which readers of a CSV may make of it.
            seed = derive("cell", definition.seed, json.dumps(_trained(values), sort_keys=True)) % 2**53
            yield Cell(form, definition, Spec.from_flat(values | {"seed": seed}))
    for name in of.baselines:
        yield Cell(form, definition, None, name)


def fits(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Return the cells in groups that share a fit, in order, each once: forms may have some in common."""
    groups: dict[str, dict[str, Cell]] = defaultdict(dict)
    for cell in cells:
        own = groups[cell.fit]
        if cell.key not in own or own[cell.key].definition.replicates < cell.definition.replicates:
            own[cell.key] = cell
    return [list(group.values()) for group in groups.values()]


def _trained(values: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in values.items() if path.partition(".")[0] not in GENERATING}
