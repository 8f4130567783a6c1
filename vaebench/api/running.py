"""What works on a study: run, confirm, sync."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench.api.looking import check_positive, standings_of, study_name
from vaebench.errors import InputError
from vaebench.files import check_writable, home_folder
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.search import run as studies
from vaebench.search.events import Loaded, Observer, Step, both, unheard
from vaebench.search.feeding import idle
from vaebench.search.interrupts import interruptible
from vaebench.search.local_workers import cores
from vaebench.search.programs import check_networks
from vaebench.search.storage import existing_study, storage_at
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Executors
from vaebench.search.workers import executor
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import load
from vaebench.study.records import StudyRecord
from vaebench.tracking.discard import discard
from vaebench.tracking.ids import run_ids
from vaebench.tracking.live import LiveTracking
from vaebench.tracking.sync import sync as write_to_mlflow

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger("vaebench")


def run(
    study_file: str | Path,
    *,
    home: str | Path | None = None,
    trials: int | None = None,
    time_limit: float | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    confirm: bool = True,
    fresh: bool = False,
    observer: Observer = unheard,
) -> "pd.DataFrame":
    """Run a study: search, confirm the best trials, write everything to MLflow. Return the leaderboard.

    A second call goes on where the first ended; `fresh` starts the study over. `trials` (per arm) and `time_limit`
    (seconds) bound the search. Trials are evaluated by `workers` processes (default: one per core; 0: this process) or
    by the Dask cluster at the address `cluster`. `observer` is called with each event.

    Raises InputError if the study file is wrong, if another definition was run under the study's name, or if another
    process is running it.
    """
    folder, definition = home_folder(home), load(Path(study_file))
    check_positive(trials=trials, time_limit=time_limit)
    check_writable(folder)
    storage = storage_at(folder)
    observer(Loaded(definition))
    if definition.networks:
        if not fresh and definition.name in storage.names():
            _ = RecordStore.open(folder, definition.name).definition  # refuses another file of that name
        observer(Step("trying your network"))
        check_networks(definition)
    if definition.trial_minutes and workers == 0:
        log.warning("trial_minutes needs worker processes: with --workers 0 a trial that hangs is not stopped")
    with (
        interruptible(),
        _executors(
            workers, cluster, observer, definition if trials is None else replace(definition, trials=trials)
        ) as executors,
        storage.lock(definition.name),
        LiveTracking(folder) as live,
    ):
        if fresh:
            discard(folder, definition)
        record = studies.run(
            definition,
            home=folder,
            executors=executors,
            observer=both(observer, live),
            trials=trials,
            time_limit=time_limit,
            confirm=confirm,
        )
        return _finish(folder, record, executors, observer, live)


def confirm(
    study: str,
    *,
    home: str | Path | None = None,
    top: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    observer: Observer = unheard,
) -> "pd.DataFrame":
    """Refit the best `top` trials of a study on `replicates` further draws each. Return the leaderboard."""
    folder, name = home_folder(home), study_name(study)
    check_positive(top=top, replicates=replicates)
    storage = existing_study(folder, name)
    with interruptible(), _executors(workers, cluster, observer) as executors, storage.lock(name):
        record = studies.confirm(
            name, home=folder, executors=executors, observer=observer, top=top, replicates=replicates
        )
        return _finish(folder, record, executors, observer)


def sync(
    study: str,
    *,
    home: str | Path | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    observer: Observer = unheard,
) -> int:
    """Bring MLflow up to date with a study: write what is missing or damaged there. Return how many trials it holds.

    Runs do this by themselves; it is for a store that was away. Raises InputError for an unknown study or one that is
    being run, OSError if the store is still away.
    """
    folder, name = home_folder(home), study_name(study)
    storage = existing_study(folder, name)
    with interruptible(), _executors(workers, cluster, observer) as executors, storage.lock(name):
        rows = standings_of(folder, name)
        warning = write_to_mlflow(folder, rows, executors, observer, again=True)
        if warning is not None:
            raise OSError(warning)
        return len(rows.record.trials)


def _finish(
    home: Path, record: StudyRecord, executors: Executors, observer: Observer, live: LiveTracking | None = None
) -> "pd.DataFrame":
    """Write final results to MLflow and return the leaderboard. A warning that was given already is not repeated."""
    rows = standings(record)
    warning = write_to_mlflow(home, rows, executors, observer, live=live)
    said = (live.said if live is not None else None) or ""
    if warning is not None and warning.partition(" (")[0] != said.partition(" (")[0]:
        log.warning("%s", warning)
    return leaderboard(rows, run_ids(home, record.name))


@contextmanager
def _executors(
    workers: int | None, cluster: str | None, observer: Observer, searched: StudyDefinition | None = None
) -> Iterator[Executors]:
    """Yield what starts the workers at the first task; they end with the context. A cluster is joined at once.

    There is a warning if the study `searched` cannot feed them all.
    """

    def counted(count: int) -> None:
        if searched is not None and (told := idle(searched, count)):
            log.warning("%s", told)

    if cluster is not None and workers is not None:
        raise InputError("workers and cluster exclude each other: a cluster has workers of its own")
    if workers is None:
        workers = len(cores())
    if workers < 0:
        raise InputError(f"workers = {workers}: 0 (this process) or more")
    with ExitStack() as stack:
        start = cache(
            lambda: stack.enter_context(executor(workers, cluster, lambda what: observer(Step(what)), counted))
        )
        if cluster is not None:  # fail now if no cluster answers
            start()
        yield lambda: nullcontext(start())
