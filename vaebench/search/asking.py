"""Which configuration a trial tries.

Trial i of an arm is in batch b = i // B, with B the batch size. It is asked with the results of batches 0 to b - 2; all
later trials count as in flight, even if they have finished. So what is asked depends only on the definition and on
earlier results in order, never on workers, timing, or where a run was killed and resumed.

No combination of a space without continuous ranges is tried twice: where a sampler asks for one again, the next cell of
the grid that was not tried takes its place. More draws of one configuration are what replicates are for.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from itertools import islice
from typing import Any

import numpy as np
import optuna
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import FrozenTrial, TrialState, create_trial

from vaebench.search.samplers import make_sampler, quiet_optuna, sobol_point
from vaebench.seeds import derive
from vaebench.study.definition import Arm, StudyDefinition
from vaebench.study.space import Point

REMEMBERED = 300
"""Finished trials that TPE is given. Its time per trial grows with their number: 9 ms at 150, 14 ms at 300, 180 ms at
3,000, over 16 parameters. It counts 25 of them as good, all others as bad."""
BLOCK = 100
"""Number of trials after which the remembered ones are chosen again."""


class Asker:
    """Asks for the trials of one arm, through an in-memory Optuna study that is rebuilt from the record."""

    def __init__(self, definition: StudyDefinition, arm: Arm, finished: Sequence[FrozenTrial]) -> None:
        quiet_optuna()
        self._definition = definition
        self._arm = arm
        self._finished = list(finished)
        self.asked = len(finished)
        """How many trials have been asked."""
        self._flying = deque(finished)
        self._grid = arm.space.grid() if arm.space.size is not None else None
        self._tried = {_combination(trial.params) for trial in finished} if self._grid else set()
        self._begin()
        self._points = self._point_sequence()

    @property
    def known(self) -> int:
        """How many trials have results that the next trial may know."""
        return self._known(self.asked)

    def ask(self) -> tuple[dict[str, Any], FrozenTrial]:
        """Ask for the next trial. Return its values by path, and Optuna's trial."""
        index = self.asked
        if index % BLOCK == 0:
            self._begin()
        self._tell(before=self._known(index))
        values, trial = self._ask(next(self._points) if self._points is not None else None)
        if self._grid is not None:
            if _combination(trial.params) in self._tried:
                self._begin()
                self._tell(before=self._known(index))
                values, trial = self._ask(next(point for point in self._grid if _combination(point) not in self._tried))
            self._tried.add(_combination(trial.params))
        self._flying.append(trial)
        self.asked += 1
        return values, trial

    def finish(self, trial: FrozenTrial) -> None:
        """Keep the next trial's outcome. The sampler is told when the first trial that may know it is asked."""
        self._finished.append(trial)

    def _ask(self, point: Point | None) -> tuple[dict[str, Any], FrozenTrial]:
        """Ask for a trial: at `point`, or where the sampler wants it."""
        if point is not None:
            self._study.enqueue_trial(point)
        seed = derive("sampler", self._definition.seed, self._arm.name, self.asked)
        self._study.sampler = make_sampler(self._definition.sampler, seed, self._shared)
        trial = self._study.ask()
        values = self._arm.space.suggest(trial)
        return dict(values), self._study.get_trials(deepcopy=False)[trial.number]

    def _known(self, index: int) -> int:
        """Return how many trials have results that trial `index` may know."""
        return max(0, (index // self._definition.batch - 1) * self._definition.batch)

    def _begin(self) -> None:
        """Build the in-memory study as it is before the next trial is asked; it was told what its block may know."""
        self._study = optuna.create_study(directions=["minimize"] * len(self._definition.objectives))
        self._shared = IntersectionSearchSpace(include_pruned=True)
        self._told = self._known(self.asked // BLOCK * BLOCK)
        while len(self._flying) > self.asked - self._told:
            self._flying.popleft()
        known = self._finished[: self._told]
        kept = remembered(known) if self._definition.sampler == "tpe" else [_complete(trial) for trial in known]
        self._study.add_trials([*kept, *map(_in_flight, self._flying)])
        self._forgotten = self._told - len(kept)

    def _tell(self, before: int) -> None:
        while self._told < before:
            trial, number = self._finished[self._told], self._told - self._forgotten
            if trial.values is None:
                self._study.tell(number, state=TrialState.FAIL)
            else:
                self._study.tell(number, trial.values)
            self._told += 1

    def _point_sequence(self) -> Iterator[Point] | None:
        """Return the points from the next trial on; None for samplers that do not know them in advance."""
        match self._definition.sampler:
            case "grid":
                return islice(self._arm.space.grid(), self.asked, None)
            case "qmc":
                return self._sobol()
            case _:
                return None

    def _sobol(self) -> Iterator[Point]:
        seed = derive("sobol", self._definition.seed, self._arm.name)
        while True:
            yield sobol_point(self._arm.space, self.asked, seed)


def remembered(finished: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return at most REMEMBERED of the trials that did not fail, in order: one fifth the best, the rest the latest.

    The best are those with the lowest sum of ranks over the objectives.
    """
    trials = [_complete(trial) for trial in finished if trial.values is not None]
    if len(trials) <= REMEMBERED:
        return trials
    values = np.array([trial.values for trial in trials])
    places = values.argsort(axis=0, kind="stable").argsort(axis=0).sum(axis=1)
    best = places.argsort(kind="stable")[: REMEMBERED // 5]
    return [trials[i] for i in sorted({*best, *range(len(trials) - REMEMBERED + len(best), len(trials))})]


def _combination(point: Mapping[str, Any]) -> str:
    """Return the answers as text: the same for the same combination, though steps are summed up in other ways."""
    rounded = {name: float(f"{value:.9g}") if isinstance(value, float) else value for name, value in point.items()}
    return json.dumps(rounded, sort_keys=True)


def _complete(trial: FrozenTrial) -> FrozenTrial:
    """Return a pruned trial as a complete one. Its values are already estimates over all replicates."""
    if trial.state != TrialState.PRUNED:
        return trial
    complete = copy(trial)
    complete.state = TrialState.COMPLETE
    return complete


def _in_flight(trial: FrozenTrial) -> FrozenTrial:
    return create_trial(
        state=TrialState.RUNNING,
        params=trial.params,
        distributions=trial.distributions,
        system_attrs=trial.system_attrs,
    )


def batches(definition: StudyDefinition, done: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Yield (arm, number of trials) for every batch that is not done yet. Arms take turns."""
    target = definition.targets
    for start in range(0, max(target.values(), default=0), definition.batch):
        for arm in definition.arms:
            count = min(start + definition.batch, target[arm.name]) - max(start, done[arm.name])
            if count > 0:
                yield arm.name, count
