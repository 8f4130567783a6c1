"""The search: ask, evaluate, prune, tell, persist; and beside it the baselines."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from optuna.trial import FrozenTrial

from vaebench.engine.structure import Structure
from vaebench.scoring.score import objective_values
from vaebench.search.asking import Asker, batches
from vaebench.search.baselines import Sent, send_baselines
from vaebench.search.events import Advanced, Observer, Step, TrialFinished, unheard
from vaebench.search.feeding import BATCHES_IN_FLIGHT, stage
from vaebench.search.programs import compile_for, structure_of
from vaebench.search.pruning import Pruner
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Task, Workers, evaluate_spec
from vaebench.seeds import derive
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result, StudyRecord, TrialRecord
from vaebench.study.spec import Spec


@dataclass(frozen=True)
class _Trial:
    number: int
    arm: str
    known: int
    """How many earlier trials of its arm had their results known when it was asked."""
    asked: FrozenTrial
    spec: Spec
    tasks: list[Task]
    """One per replicate sent so far."""
    results: list[Result]
    """One per replicate that has come back."""


def search(
    store: RecordStore, definition: StudyDefinition, workers: Workers, observer: Observer, *, deadline: float
) -> None:
    """Run the trials that are missing and persist them in the order they were asked. Ask for none after `deadline`.

    The baselines that are missing are sent behind the first trials, and persisted when all of them are there.
    `deadline` is a value of time.monotonic(). A kill at any moment loses what is in flight and nothing else.
    """
    persisted = store.finished()
    done = {arm.name: persisted.get(arm.name, []) for arm in definition.arms}
    plan = batches(definition, {arm: len(trials) for arm, trials in done.items()})
    asking = _Asking(definition, done, store.count, workers)
    judging = _Judging(definition, store.record(), observer)
    flying: deque[list[_Trial]] = deque()

    def fill() -> None:
        while len(flying) < BATCHES_IN_FLIGHT and time.monotonic() < deadline and (item := next(plan, None)):
            flying.append(asking.send(*item))

    fill()
    baselines = send_baselines(store.record(), definition, workers, "search", definition.replicates)
    while flying:
        waiting = deque(flying[0])
        finished: dict[int, TrialRecord] = {}
        while waiting:
            for trial in flying[0]:
                if trial.number in finished:
                    continue
                trial_record = judging.judged(trial)
                if trial_record is None:
                    asking.send_more(trial)
                else:
                    finished[trial.number] = trial_record
                while waiting and waiting[0].number in finished:
                    first = waiting.popleft()
                    trial_record = finished[first.number]
                    values = judging.values(first, trial_record)
                    asking.askers[first.arm].finish(store.add(first.asked, trial_record, values))
                    judging.remember(trial_record)
                    observer(TrialFinished(trial_record))
        flying.popleft()
        fill()
        if baselines and flying and all(task.future.done() for sent in baselines for task in sent.tasks):
            _persist(store, baselines, unheard)
            baselines = []
    if baselines:
        observer(Step("scoring the baselines", sum(len(sent.tasks) for sent in baselines)))
        _persist(store, baselines, observer)


def _persist(store: RecordStore, baselines: Sequence[Sent], observer: Observer) -> None:
    for baseline in [sent.collect(observer) for sent in baselines]:
        store.set_baseline(baseline)


class _Asking:
    """Asks for trials and sends their replicates to the workers: all at once, or in stages if trials may be pruned.

    Of each structure that was not met before, one replicate goes ahead of all others of its batch: a program that one
    worker has compiled is on disk for the others, which would else compile it, too.
    """

    def __init__(
        self,
        definition: StudyDefinition,
        done: dict[str, list[FrozenTrial]],
        count: int,
        workers: Workers,
    ) -> None:
        self.askers = {arm.name: Asker(definition, arm, done[arm.name]) for arm in definition.arms}
        self._replicates = [definition.replicate("search", index) for index in range(definition.replicates)]
        self._stage = stage(definition)
        self._seed, self._number = definition.seed, count
        self._workers, self._definition = workers, definition
        self._met: set[Structure] = set()

    def send(self, arm: str, count: int) -> list[_Trial]:
        """Ask for a batch and send the first replicates of each of its trials."""
        batch = []
        for _ in range(count):
            known = self.askers[arm].known
            values, asked = self.askers[arm].ask()
            seed = derive("trial", self._seed, arm, self.askers[arm].asked)
            seed %= 2**53  # exact as a float, which readers of the CSV may make of it
            batch.append(_Trial(self._number, arm, known, asked, Spec.from_flat(values | {"seed": seed}), [], []))
            self._number += 1
        for trial in batch:
            if (structure := structure_of(trial.spec, self._definition)) not in self._met:
                self._met.add(structure)
                self._send_ahead(trial)
        for trial in batch:
            self._send(trial, self._stage)
        return batch

    def send_more(self, trial: _Trial) -> None:
        """Send the next replicates of a trial."""
        self._send(trial, len(trial.tasks) + self._stage)

    def _send_ahead(self, trial: _Trial) -> None:
        """Send one replicate of a trial, or its program alone where what compiling takes would count as the trial's."""
        if self._definition.trial_minutes:
            self._workers.submit(compile_for, trial.spec, self._replicates[0])
        else:
            self._send(trial, 1)

    def _send(self, trial: _Trial, upto: int) -> None:
        """Send the first `upto` replicates of a trial, but those that were sent."""
        replicates = self._replicates[len(trial.tasks) : upto]
        minutes, beside = self._definition.trial_minutes, self._definition.batch
        trial.tasks.extend(self._workers.evaluate(evaluate_spec, trial.spec, replicates, minutes, beside=beside))


class _Judging:
    """Turns what the workers return into finished trials."""

    def __init__(
        self,
        definition: StudyDefinition,
        record: StudyRecord,
        observer: Observer,
    ) -> None:
        self._definition, self._attainable, self._observer = definition, record.attainable, observer
        self._pruners = {arm.name: Pruner(definition.replicates) for arm in definition.arms}
        for trial in record.trials:
            self.remember(trial)

    def judged(self, trial: _Trial) -> TrialRecord | None:
        """Wait for the replicates sent so far. Return the trial if it is finished, failed or pruned, else None."""
        for task in trial.tasks[len(trial.results) :]:
            trial.results.append(task.result())
            self._observer(Advanced(trial.results[-1].seconds))
        results = tuple(trial.results)
        record = TrialRecord(
            number=trial.number,
            params=trial.spec.flat(),
            results=results,
            started=min(result.started for result in results),
            ended=max(result.started + result.seconds for result in results),
            arm=trial.arm,
        )
        if record.reason or len(results) == self._definition.replicates:
            return record
        pruned = self._pruners[trial.arm].verdict(self._each(results), trial.known)
        return replace(record, pruned=pruned) if pruned else None

    def remember(self, record: TrialRecord) -> None:
        """Let later trials be compared with this one, unless it failed or was pruned."""
        whole = record.reason is None and record.pruned is None
        self._pruners[record.arm].finish(record.number, self._each(record.results) if whole else None)

    def values(self, trial: _Trial, record: TrialRecord) -> tuple[float, ...] | None:
        """Return the objective values to tell the sampler; None if the trial failed."""
        if record.reason:
            return None
        if record.pruned:
            return (self._pruners[trial.arm].estimate(self._each(record.results), trial.known),)
        return objective_values(record.results, self._definition.objectives, self._attainable)

    def _each(self, results: Sequence[Result]) -> tuple[float, ...]:
        """Return the first objective on each replicate. Pruning allows only one objective."""
        return tuple(objective_values([result], self._definition.objectives, self._attainable)[0] for result in results)
