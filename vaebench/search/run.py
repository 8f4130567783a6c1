"""Run a study: baselines, search, confirmation. The same call resumes a run that was interrupted."""

import math
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vaebench.search.attainable_cache import begin_attainable
from vaebench.search.baselines import send_baselines
from vaebench.search.compile_ahead import compile_ahead
from vaebench.search.confirmation import confirm_best
from vaebench.search.events import Advanced, NothingToDo, Observer, SearchStarted, Step, unheard
from vaebench.search.storage import existing_study
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Executors, Workers, result_of
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
        # compiling alone might use up a time limit
        prepare(store, definition, workers, observer, compiled=0 if time_limit else target - store.count)
        observer(SearchStarted(store.record(), target))
        search(store, definition, workers, observer, deadline=deadline)
        if confirm:
            confirm_best(store, definition, workers, observer)
        record = store.record()
        if not workers.started:
            observer(NothingToDo(record))
    return record


def prepare(
    store: RecordStore, definition: StudyDefinition, workers: Workers, observer: Observer, *, compiled: int
) -> None:
    """Score the baselines, simulate the attainable errors and compile at most `compiled` programs, if not done yet.

    All tasks are sent at once, so that no worker waits.
    """
    record = store.record()
    baselines = send_baselines(record, definition, workers, "search", definition.replicates)
    attain = None if record.attainable.metrics else begin_attainable(definition, workers)
    programs = compile_ahead(definition, workers, at_most=compiled)
    if baselines:
        observer(Step("scoring the baselines", sum(len(sent.tasks) for sent in baselines)))
    scored = [sent.collect(observer) for sent in baselines]
    if attain is not None:
        store.set_attainable(attain(observer))
    for baseline in scored:  # after the attainable errors: without them there is no score
        store.set_baseline(baseline)
    if programs:
        observer(Step("compiling the networks", len(programs)))
    for program in programs:
        with suppress(Exception):  # it will fail again as a trial, which records the reason
            result_of(program)
        observer(Advanced())


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
