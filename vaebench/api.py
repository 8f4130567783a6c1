"""The Python interface: what the commands do, as functions."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench.data_sets.file import File
from vaebench.errors import InputError
from vaebench.files import home_folder
from vaebench.results.export import check_place, write_whole
from vaebench.results.leaderboard import best_trial
from vaebench.results.leaderboard import leaderboard as rank
from vaebench.results.summary import conclusions
from vaebench.results.summary import worth as worth_of
from vaebench.search import run as studies
from vaebench.search.home import existing
from vaebench.search.home import folder as study_folder
from vaebench.search.home import studies as known_studies
from vaebench.search.lock import lock
from vaebench.search.observer import Observer, Silent
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Executors
from vaebench.search.workers import executor
from vaebench.seeds import derive
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import difference, load, to_plain
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.study.spec import Spec
from vaebench.tracking.finishing import finish
from vaebench.tracking.live import Tracked
from vaebench.tracking.where import read_ids, run_ids, write_ids

if TYPE_CHECKING:
    import pandas as pd

    from vaebench.trial.generator import Generator


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
    observer: Observer | None = None,
) -> "pd.DataFrame":
    """Run a study: search, confirm the best, bring MLflow up to date. Goes on where an earlier run ended.

    `trials` (of each arm) and `time_limit` (seconds) bound the search; `workers` processes (one a core by default, 0 is
    this process) or a Dask `cluster` address evaluate; `fresh` starts the study over. Returns the leaderboard.
    Raises InputError for a wrong study file, or another definition under a known name.
    """
    folder, definition = home_folder(home), load(Path(study_file))
    _check_positive(trials=trials, time_limit=time_limit)
    _check_writable(folder)
    tracked = Tracked(folder, observer or Silent())
    with studies.interruptible(), _executors(workers, cluster) as executors:
        with tracked:
            if fresh:
                discard(folder, definition)
            record = studies.run(
                definition,
                home=folder,
                executors=executors,
                observer=tracked,
                trials=trials,
                time_limit=time_limit,
                confirm=confirm,
            )
        return finish(folder, record, executors)


def confirm(
    study: str,
    *,
    home: str | Path | None = None,
    top: int | None = None,
    replicates: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    observer: Observer | None = None,
) -> "pd.DataFrame":
    """Refit the best `top` trials of a study on `replicates` fresh draws each. Returns the leaderboard."""
    folder, name = home_folder(home), study_name(study)
    _check_positive(top=top, replicates=replicates)
    existing(folder, name)
    tracked = Tracked(folder, observer or Silent())
    with studies.interruptible(), _executors(workers, cluster) as executors:
        with tracked:
            record = studies.confirm(
                name, home=folder, executors=executors, observer=tracked, top=top, replicates=replicates
            )
        return finish(folder, record, executors)


def leaderboard(study: str, *, home: str | Path | None = None) -> "pd.DataFrame":
    """Return the leaderboard of a study: a row for each trial, baseline and the noise floor, best first."""
    folder, name = home_folder(home), study_name(study)
    return rank(RecordStore.open(folder, name).record(), run_ids(folder, name))


def summary(study: str, *, home: str | Path | None = None) -> list[str]:
    """Return what the leaderboard of a study says, in sentences: the best trial, selection optimism, its diagnosis."""
    return conclusions(RecordStore.open(home_folder(home), study_name(study)).record())


def worth(study: str, *, trial: int | None = None, home: str | Path | None = None) -> str:
    """Return in a sentence or two how good the best trial of a study, or `trial`, is: what `generate` draws from.

    Raises InputError for an unknown study or trial, or one that failed.
    """
    record = RecordStore.open(home_folder(home), study_name(study)).record()
    return worth_of(record, choose_trial(record, trial).number)


def generate(
    study: str, n: int = 15_000, *, trial: int | None = None, seed: int = 0, home: str | Path | None = None
) -> "pd.DataFrame":
    """Generate `n` rows from a study's best trial, or from `trial`, in the data's own units and column names.

    The trial is fitted again to its first search replicate, with the same numbers as then; no weights were kept.
    The same `seed` gives the same rows. Raises InputError for an unknown study or trial, or one that failed.
    """
    import pandas as pd

    if n < 1:
        raise InputError(f"n = {n}: at least 1 row is needed")
    store = RecordStore.open(home_folder(home), study_name(study))
    chosen = choose_trial(store.record(), trial)
    generator = fit_generator(store.definition, chosen)
    return pd.DataFrame(generator.generate(n, derive("user", seed)), columns=list(generator.columns))


def report(study: str, path: str | Path, *, home: str | Path | None = None) -> None:
    """Write a study's report to `path`: one HTML page with its answer, leaderboard, pictures and diagnoses.

    Raises InputError for an unknown study, one without a trial that did not fail, or a path that cannot be written.
    """
    from vaebench.results.report import page

    store = RecordStore.open(home_folder(home), study_name(study))
    record = store.record()
    best = choose_trial(record, None)
    check_output(study, Path(path), home=home)
    html = page(record, best.number, fit_generator(store.definition, best))
    write_whole(Path(path), lambda file: file.write_text(html, encoding="utf-8"))


def check_output(study: str, *paths: Path, home: str | Path | None = None) -> None:
    """Raise InputError where one of `paths` cannot be written, or is the file that the study has its rows from."""
    name = study_name(study)
    data_set = RecordStore.open(home_folder(home), name).definition.data_set
    for path in paths:
        check_place(path)
        if isinstance(data_set, File) and path.resolve() == Path(data_set.path):
            raise InputError(f"cannot write {path}: study {name!r} has its rows from there")


def choose_trial(record: StudyRecord, number: int | None) -> TrialRecord:
    """Return the trial called `number`, or the best one. Raises InputError where there is none or it failed."""
    if number is None:
        best = best_trial(record)
        if best is None:
            raise InputError(f"study {record.name!r} has no trial that did not fail")
        return best
    if not 0 <= number < len(record.trials):
        raise InputError(f"study {record.name!r} has no trial {number}: they are 0 to {len(record.trials) - 1}")
    trial = record.trials[number]
    if trial.reason is not None:
        raise InputError(f"trial {number} of study {record.name!r} failed: {trial.reason}")
    return trial


def fit_generator(definition: StudyDefinition, trial: TrialRecord) -> "Generator":
    """Fit a trial to its first search replicate, as it was when it was scored."""
    from vaebench.trial.generator import Generator

    return Generator.fit(Spec.from_flat(trial.params), definition.replicate("search", 0))


def study_name(study: str) -> str:
    """Return the name of a study given by its name or its file."""
    if study.endswith(".toml") or Path(study).is_file():
        return load(Path(study)).name
    return study


def discard(home: Path, definition: StudyDefinition) -> None:
    """Forget what was run of a study, so that it starts over.

    Its parent run in MLflow stays the same, unless the definition is another: MLflow never changes a parameter.
    """
    name = definition.name
    if not study_folder(home, name).exists():
        return
    with lock(home, name):
        ids = read_ids(home, name)
        same = name in known_studies(home) and not difference(
            RecordStore.open(home, name).record().definition, to_plain(definition)
        )
        for path in study_folder(home, name).iterdir():
            if path.name != "lock":
                path.unlink()
        if same and ids is not None:
            write_ids(home, name, replace(ids, trials={}))


@contextmanager
def _executors(workers: int | None, cluster: str | None) -> Iterator[Executors]:
    """Give what starts the workers at the first task; they end with the context. A cluster is joined at once."""
    if cluster is not None and workers is not None:
        raise InputError("workers and cluster exclude each other: a cluster has workers of its own")
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers < 0:
        raise InputError(f"workers = {workers}: 0 (this process) or more")
    with ExitStack() as stack:
        start = cache(lambda: stack.enter_context(executor(workers, cluster)))
        if cluster is not None:  # it may not be there
            start()
        yield lambda: nullcontext(start())


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and value <= 0:
            raise InputError(f"{name} = {value}: more than 0 is needed")


def _check_writable(home: Path) -> None:
    known = next(folder for folder in (home, *home.parents) if folder.exists())
    if not known.is_dir():
        raise InputError(f"home {home}: {known} is no folder")
    if not os.access(known, os.W_OK | os.X_OK):
        raise InputError(f"home {home}: there is no permission to write in {known}")
