"""The Python interface: the commands as functions."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench.data_sets import split_sizes
from vaebench.data_sets.file import File
from vaebench.errors import InputError
from vaebench.files import (
    check_place,
    check_writable,
    existing_study,
    home_folder,
    study_names,
    write_output,
)
from vaebench.results import summary as in_words
from vaebench.results.leaderboard import leaderboard as table
from vaebench.results.standings import Standings, standings
from vaebench.results.status import status_of
from vaebench.search import run as studies
from vaebench.search.events import Loaded, Observer, Step, both, unheard
from vaebench.search.lock import lock
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Executors
from vaebench.search.workers import cores, executor
from vaebench.study.file import load
from vaebench.study.records import StudyRecord
from vaebench.tracking.discard import discard
from vaebench.tracking.ids import run_ids
from vaebench.tracking.live import LiveTracking
from vaebench.tracking.repair import repair
from vaebench.tracking.sync import sync as write_to_mlflow
from vaebench.tracking.ui import ui_command, ui_url
from vaebench.trial import kept

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
    _check_positive(trials=trials, time_limit=time_limit)
    check_writable(folder)
    observer(Loaded(definition))
    with (
        studies.interruptible(),
        _executors(workers, cluster, observer) as executors,
        lock(folder, definition.name),
    ):
        with LiveTracking(folder) as live:
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
        return _finish(folder, record, executors, observer, said=live.said)


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
    _check_positive(top=top, replicates=replicates)
    existing_study(folder, name)
    with studies.interruptible(), _executors(workers, cluster, observer) as executors, lock(folder, name):
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
    existing_study(folder, name)
    with studies.interruptible(), _executors(workers, cluster, observer) as executors, lock(folder, name):
        rows = _standings(folder, name)
        warning = write_to_mlflow(folder, rows, executors, observer, again=True)
        if warning is not None:
            raise OSError(warning)
        return len(rows.record.trials)


def leaderboard(study: str, *, home: str | Path | None = None) -> "pd.DataFrame":
    """Return the leaderboard of a study: one row per trial, per baseline and for the noise floor, best first."""
    folder, name = home_folder(home), study_name(study)
    rows = _standings(folder, name)
    repair(folder)  # the run ids lead to MLflow
    return table(rows, run_ids(folder, name))


def summary(study: str, *, home: str | Path | None = None) -> list[str]:
    """Return the results of a study as sentences: the best trial, selection optimism, the diagnosis."""
    return in_words.summary(_standings(home_folder(home), study_name(study)))


def worth(study: str, *, trial: int | None = None, home: str | Path | None = None) -> str:
    """Return a few sentences on how good `trial` is, or the study's best trial: the one that `generate` uses.

    Raises InputError for an unknown study or trial, or a failed trial.
    """
    rows = _standings(home_folder(home), study_name(study))
    definition, said = rows.record.definition, in_words.worth(rows, rows.choose(trial).number)
    if (every := definition.data_set.available_rows) is None:
        return said
    some = split_sizes(definition.rows, definition.test_fraction)[0]
    return f"{said} It generates as fitted to all {every} rows of the file; scores are of fits to {some} of them."


def generate(
    study: str,
    n: int = 15_000,
    *,
    trial: int | None = None,
    seed: int = 0,
    home: str | Path | None = None,
    observer: Observer = unheard,
) -> "pd.DataFrame":
    """Generate `n` rows from a study's best trial, or from `trial`, in the data's own units and column names.

    The generators of the best trials are kept; any other trial is fitted again, and kept then. Of a file, all rows are
    fitted, while scores are of fits to a part of them. The same `seed` gives the same rows. Raises InputError for an
    unknown study or trial, or a failed trial.
    """
    _check_positive(n=n)
    if seed < 0:
        raise InputError(f"seed = {seed}: 0 or more is needed")
    folder = home_folder(home)
    rows = _standings(folder, study_name(study))
    chosen, definition = rows.choose(trial), rows.record.definition
    generator = kept.read(folder, chosen, definition)
    if generator is None:
        observer(Step(f"fitting trial {chosen.number} again, since its generator is not kept"))
        from vaebench.trial.as_data import fit_again

        generator = fit_again(folder, chosen, definition)
    generated: pd.DataFrame = generator.generate(n, seed)
    return generated


def report(study: str, path: str | Path, *, home: str | Path | None = None) -> None:
    """Write a study's report to `path`: one HTML page with the answer, leaderboard, plots and diagnoses.

    Raises InputError if the study is unknown, if all its trials failed, or if `path` cannot be written.
    """
    from vaebench.results.report import page
    from vaebench.trial.shown import Shown

    name = study_name(study)
    rows = _standings(home_folder(home), name)
    best = rows.choose(None)
    check_output(name, Path(path), home=home)
    html = page(rows, best.number, Shown.of_trial(best, rows.record.definition))
    write_output(Path(path), lambda file: file.write_text(html, encoding="utf-8"))


def status(study: str | None = None, *, home: str | Path | None = None) -> "pd.DataFrame":
    """Return the progress of a study, or of all: trials, target, failed, confirmed, the best trial and its score."""
    folder = home_folder(home)
    if study is not None:
        return status_of([_standings(folder, study_name(study))])
    readable, problems = [], {}
    for name in study_names(folder):
        try:
            readable.append(_standings(folder, name))
        except InputError as error:  # of one study, which must not hide the others
            problems[name] = str(error)
    return status_of(readable, problems).sort_values("study", ignore_index=True)


def ui(
    study: str | None = None, *, host: str = "127.0.0.1", port: int = 5000, home: str | Path | None = None
) -> tuple[str, tuple[list[str], dict[str, str]] | None]:
    """Return the address of the MLflow UI, at the page of `study`, and the command and environment that serve it.

    The command is None if a tracking server serves it already. Raises InputError if nothing was run.
    """
    folder, name = home_folder(home), study_name(study) if study else None
    if name is not None:
        existing_study(folder, name)
    elif not study_names(folder):
        raise InputError(f"no study was run in {folder}")
    repair(folder)
    return ui_url(folder, name, host, port), ui_command(folder, host, port)


def check_output(study: str, *paths: Path, home: str | Path | None = None) -> None:
    """Raise InputError if one of `paths` cannot be written, or is the file that the study reads its rows from."""
    name = study_name(study)
    data_set = RecordStore.open(home_folder(home), name).definition.data_set
    for path in paths:
        check_place(path)
        if isinstance(data_set, File) and path.resolve() == Path(data_set.path):
            raise InputError(f"cannot write {path}: study {name!r} has its rows from there")


def study_name(study: str) -> str:
    """Return the name of a study that is given by its name or by its file."""
    if study.endswith(".toml") or Path(study).is_file():
        return load(Path(study)).name
    return study


def _standings(home: Path, name: str) -> Standings:
    return standings(RecordStore.open(home, name).record())


def _finish(
    home: Path, record: StudyRecord, executors: Executors, observer: Observer, said: str | None = None
) -> "pd.DataFrame":
    """Write final results to MLflow and return the leaderboard. A warning that was `said` already is not repeated."""
    rows = standings(record)
    warning = write_to_mlflow(home, rows, executors, observer)
    if warning is not None and warning.partition(" (")[0] != (said or "").partition(" (")[0]:
        log.warning("%s", warning)
    return table(rows, run_ids(home, record.name))


@contextmanager
def _executors(workers: int | None, cluster: str | None, observer: Observer) -> Iterator[Executors]:
    """Yield what starts the workers at the first task; they end with the context. A cluster is joined at once."""
    if cluster is not None and workers is not None:
        raise InputError("workers and cluster exclude each other: a cluster has workers of its own")
    if workers is None:
        workers = len(cores())
    if workers < 0:
        raise InputError(f"workers = {workers}: 0 (this process) or more")
    with ExitStack() as stack:
        start = cache(lambda: stack.enter_context(executor(workers, cluster, lambda what: observer(Step(what)))))
        if cluster is not None:  # fail now if no cluster answers
            start()
        yield lambda: nullcontext(start())


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and value <= 0:
            raise InputError(f"{name} = {value}: more than 0 is needed")
