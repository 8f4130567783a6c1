"""Run a study: search, baselines, confirmation. The same call resumes a run that was interrupted."""

import math
import time
from dataclasses import replace
from pathlib import Path

from vaebench.search.attainable_cache import begin_attainable
from vaebench.search.confirmation import confirm_best
from vaebench.search.events import NothingToDo, Observer, SearchStarted, TrialsToCome, unheard
from vaebench.search.storage import existing_study
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Executors, Workers
from vaebench.study.definition import StudyDefinition
from vaebench.study.file.earlier import going_on
from vaebench.study.records import StudyRecord


def run(
    definition: StudyDefinition,
    *,
    home: Path,
    executors: Executors,
    observer: Observer = unheard,
    trials: int | None = None,
    time_limit: float | None = None,
    confirm: bool = True,
) -> StudyRecord:
    """Search up to `trials` trials (per arm), then confirm the best. Return the study's record.

    After `time_limit` seconds no more trials are asked. `executors` is called at the first task. Ctrl-C and SIGTERM
    keep what is finished and raise KeyboardInterrupt. The caller holds the study's lock. Raises InputError if another
    definition was run under its name.
    """
    from vaebench.search.loop import search  # it needs Optuna, for which commands that only read should not wait

    deadline = math.inf if time_limit is None else time.monotonic() + time_limit
    definition = definition if trials is None else replace(definition, trials=trials)
    with Workers(executors) as workers:
        store = RecordStore.create_or_open(home, definition)
        definition = going_on(store.definition, definition)
        target = sum(definition.targets.values())
        if not store.record().attainable.metrics:
            store.set_attainable(begin_attainable(definition, workers)(observer))
        if store.count < target and time.monotonic() < deadline:
            observer(TrialsToCome(store.record()))
            workers.start()
        observer(SearchStarted(store.record(), target))
        search(store, definition, workers, observer, deadline=deadline)
        if confirm:
            confirm_best(store, definition, workers, observer)
        record = store.record()
        if not workers.started:
            observer(NothingToDo(record))
    return record


def confirm(
    name: str,
    *,
    home: Path,
    executors: Executors,
    observer: Observer = unheard,
    top: int | None = None,
    replicates: int | None = None,
) -> StudyRecord:
    """Confirm the best `top` trials of a study on `replicates` further draws; defaults are those of the study file.

    The caller holds the study's lock. Raises InputError if the study was never run.
    """
    existing_study(home, name)
    with Workers(executors) as workers:
        store = RecordStore.open(home, name, writing=True)
        definition = store.definition
        definition = replace(
            definition,
            confirm_top=definition.confirm_top if top is None else top,
            confirm_replicates=definition.confirm_replicates if replicates is None else replicates,
        )
        confirm_best(store, definition, workers, observer)
        record = store.record()
        if not workers.started:
            observer(NothingToDo(record))
    return record
