"""Running a study from its definition to its confirmed record; the same call goes on where the last one ended."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from vaebench.rows import Metrics
from vaebench.search.asking import targets
from vaebench.search.attainable_cache import begin_attainable
from vaebench.search.compile_ahead import compile_ahead
from vaebench.search.confirmation import confirm_best, evaluate_references
from vaebench.search.home import existing
from vaebench.search.lock import lock
from vaebench.search.loop import search
from vaebench.search.observer import Observer
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Evaluate, Executors, Workers, evaluate_spec
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import StudyRecord


def run(
    definition: StudyDefinition,
    *,
    home: Path,
    executors: Executors,
    observer: Observer,
    trials: int | None = None,
    time_limit: float | None = None,
    confirm: bool = True,
    evaluate: Evaluate = evaluate_spec,
) -> StudyRecord:
    """Search up to `trials` trials (of each arm), then confirm the best; return all that is known then.

    `time_limit`, in seconds, ends the asking. `executors` is called when there is a first task. Ctrl-C and SIGTERM keep
    what is finished and raise KeyboardInterrupt. Raises InputError where another process runs this study, or where
    another definition ran under its name.
    """
    deadline = math.inf if time_limit is None else time.monotonic() + time_limit
    definition = definition if trials is None else replace(definition, trials=trials)
    with lock(home, definition.name), interruptible(), Workers(executors) as workers:
        store = RecordStore.create_or_open(home, definition)
        known, target = store.record(), sum(targets(definition).values())
        collect_references = evaluate_references(store, definition, workers, "search", definition.replicates)
        attain = None if known.attainable else begin_attainable(definition, workers)
        if evaluate is evaluate_spec and time_limit is None:  # else the limit might pass with compiling alone
            compile_ahead(definition, workers, at_most=target - len(known.trials))

        def prepare() -> Metrics:
            if attain is not None:  # first: without it references have no score
                store.set_attainable(attain())
            collect_references()
            record = store.record()
            observer.started(record, target)
            return record.attainable

        search(store, definition, prepare, workers, evaluate=evaluate, observer=observer, deadline=deadline)
        if confirm:
            confirm_best(store, definition, workers, evaluate=evaluate, observer=observer)
        record = store.record()
        if not workers.started:
            observer.nothing_to_do(record)
    return record


def confirm(
    name: str,
    *,
    home: Path,
    executors: Executors,
    observer: Observer,
    top: int | None = None,
    replicates: int | None = None,
    evaluate: Evaluate = evaluate_spec,
) -> StudyRecord:
    """Confirm the best `top` trials of a study on `replicates` fresh draws; what is missing takes the study's own.

    Raises InputError where nobody ran the study, or another process is running it.
    """
    existing(home, name)
    with lock(home, name), interruptible(), Workers(executors) as workers:
        store = RecordStore.open(home, name, writing=True)
        definition = store.definition
        definition = replace(
            definition,
            confirm_top=definition.confirm_top if top is None else top,
            confirm_replicates=definition.confirm_replicates if replicates is None else replicates,
        )
        confirm_best(store, definition, workers, evaluate=evaluate, observer=observer)
        record = store.record()
        if not workers.started:
            observer.nothing_to_do(record)
    return record


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
