"""The search: ask, evaluate, tell, persist."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from vaebench.definition import StudyDefinition
from vaebench.records import Metrics, TrialRecord
from vaebench.scoring import objective_values
from vaebench.seeds import derive
from vaebench.spec import Spec
from vaebench.study.asking import Asker, batches
from vaebench.study.observer import Observer
from vaebench.study.record_store import RecordStore
from vaebench.study.tasks import Evaluate, Task, Workers

BATCHES_IN_FLIGHT = 2
"""While one batch is waited for, the workers have the next."""


@dataclass(frozen=True)
class _Trial:
    number: int
    arm: str
    asked: FrozenTrial
    spec: Spec
    tasks: list[Task]


def search(
    store: RecordStore,
    definition: StudyDefinition,
    prepare: Callable[[], Metrics],
    workers: Workers,
    *,
    evaluate: Evaluate,
    observer: Observer,
    deadline: float,
) -> None:
    """Run the trials that are missing, persisting each in the order of asking; ask for none after `deadline`.

    `prepare` is called once, when the workers have the first trials; it returns what is attainable. `deadline` is a
    time.monotonic(). A kill at any moment loses what is in flight and nothing else.
    """
    done = {arm.name: store.finished(arm.name) for arm in definition.arms}
    askers = {arm.name: Asker(definition, arm, done[arm.name]) for arm in definition.arms}
    replicates = [definition.replicate("search", index) for index in range(definition.replicates)]
    plan = batches(definition, {arm: len(trials) for arm, trials in done.items()})
    number = store.count
    flying: deque[list[_Trial]] = deque()

    def send(arm: str, count: int) -> list[_Trial]:
        nonlocal number
        batch = []
        for _ in range(count):
            values, asked = askers[arm].ask()
            seed = derive("trial", definition.seed, number) % 2**53  # exact where a reader of the CSV makes it a float
            spec = Spec.from_flat(values | {"seed": seed})
            batch.append(_Trial(number, arm, asked, spec, workers.evaluate(evaluate, spec, replicates)))
            number += 1
        return batch

    def fill() -> None:
        while len(flying) < BATCHES_IN_FLIGHT and time.monotonic() < deadline and (item := next(plan, None)):
            flying.append(send(*item))

    fill()
    attainable = prepare()
    while flying:
        for trial in flying[0]:
            record = _finished(trial)
            values = None if record.reason else objective_values(record.results, definition.objectives, attainable)
            askers[trial.arm].finish(store.add(trial.asked, record, values))
            observer.trial_finished(record)
        flying.popleft()
        fill()


def _finished(trial: _Trial) -> TrialRecord:
    results = tuple(task.result() for task in trial.tasks)
    return TrialRecord(
        number=trial.number,
        params=trial.spec.flat(),
        results=results,
        started=min(result.started for result in results),
        ended=max(result.started + result.seconds for result in results),
        arm=trial.arm,
    )
