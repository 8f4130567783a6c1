"""What looks at a study, or generates from it: leaderboard, summary, generate, report, status, ui."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench.data_sets import split_sizes
from vaebench.data_sets.file import File
from vaebench.errors import InputError
from vaebench.files import (
    check_place,
    home_folder,
    write_output,
)
from vaebench.results import summary as in_words
from vaebench.results.export import write
from vaebench.results.leaderboard import leaderboard as table
from vaebench.results.standings import Standings, standings
from vaebench.results.status import status_of
from vaebench.rows import Rows
from vaebench.scoring.baseline_scores import rows_of_baseline
from vaebench.search.events import Observer, Step, unheard
from vaebench.search.storage import existing_study, storage_at
from vaebench.search.store import RecordStore
from vaebench.study.file import load_name
from vaebench.tracking.ids import run_ids
from vaebench.tracking.repair import repair
from vaebench.tracking.ui import ui_command, ui_url
from vaebench.trial import kept_generators

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger("vaebench")


def leaderboard(study: str, *, home: str | Path | None = None) -> "pd.DataFrame":
    """Return the leaderboard of a study: one row per trial, per baseline and for the noise floor, best first."""
    folder, name = home_folder(home), study_name(study)
    rows = standings_of(folder, name)
    repair(folder)  # the run ids lead to MLflow
    return table(rows, run_ids(folder, name))


def summary(study: str, *, home: str | Path | None = None) -> list[str]:
    """Return the results of a study as sentences: the best trial, selection optimism, the diagnosis."""
    return in_words.summary(standings_of(home_folder(home), study_name(study)))


def worth(study: str, *, trial: int | None = None, baseline: str | None = None, home: str | Path | None = None) -> str:
    """Return a few sentences on how good `trial` or `baseline` is, or the best trial: what `generate` uses.

    Raises InputError for an unknown study, trial or baseline, or one that failed.
    """
    rows = standings_of(home_folder(home), study_name(study))
    definition = rows.record.definition
    if baseline is None:
        said = in_words.worth(rows, rows.choose(trial).number)
    else:
        said = in_words.worth_of_baseline(rows, rows.choose_baseline(baseline))
    if (every := definition.data_set.available_rows) is None:
        return said
    some = split_sizes(definition.rows, definition.test_fraction)[0]
    return f"{said} It generates as fitted to all {every} rows of the file; scores are of fits to {some} of them."


def generate(
    study: str,
    n: int = 15_000,
    *,
    trial: int | None = None,
    baseline: str | None = None,
    seed: int = 0,
    home: str | Path | None = None,
    observer: Observer = unheard,
) -> "pd.DataFrame":
    """Generate `n` rows from a study's best trial, `trial` or `baseline`, in the data's own units and column names.

    The generators of the best trials are kept; any other trial is fitted again, and kept then; a baseline is fitted
    each time. Of a file, all rows are fitted, while scores are of fits to a part of them. The same `seed` gives equal
    rows. Raises InputError for an unknown study, trial or baseline, one that failed, or both a trial and a baseline.
    """
    check_positive(n=n)
    if seed < 0:
        raise InputError(f"seed = {seed}: 0 or more is needed")
    if trial is not None and baseline is not None:
        raise InputError(f"trial = {trial} and baseline = {baseline!r}: one of the two is needed, not both")
    folder = home_folder(home)
    rows = standings_of(folder, study_name(study))
    definition = rows.record.definition
    if baseline is not None:
        return rows_of_baseline(definition, rows.choose_baseline(baseline), n, seed)
    chosen = rows.choose(trial)
    generator = kept_generators.read(folder, chosen, definition)
    if generator is None:
        observer(Step(f"fitting trial {chosen.number} again, since its generator is not kept"))
        from vaebench.trial.to_generator import fit_again

        generator = fit_again(folder, chosen, definition)
    rows_made: Rows = generator.generate(n, seed).to_numpy()
    return definition.data_set.decode(rows_made)


def write_rows(study: str, frame: "pd.DataFrame", path: Path, *, home: str | Path | None = None) -> None:
    """Write rows that `generate` returned, to a CSV as the study's own. Raises InputError if they cannot be written."""
    data_set = RecordStore.open(home_folder(home), study_name(study)).definition.data_set
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv") and isinstance(data_set, File) and data_set.table:
        write_output(path, lambda part: data_set.write_csv(frame, part, suffix))
    else:
        write(frame, path)


def report(study: str, path: str | Path, *, home: str | Path | None = None) -> None:
    """Write a study's report to `path`: one HTML page with the answer, leaderboard, plots and diagnoses.

    Raises InputError if the study is unknown, if all its trials failed, or if `path` cannot be written.
    """
    from vaebench.results.report import page
    from vaebench.trial.plot_data import PlotData

    name = study_name(study)
    rows = standings_of(home_folder(home), name)
    best = rows.choose(None)
    check_output(name, Path(path), home=home)
    html = page(rows, best.number, PlotData.of_trial(best, rows.record.definition))
    write_output(Path(path), lambda file: file.write_text(html, encoding="utf-8"))


def status(study: str | None = None, *, home: str | Path | None = None) -> "pd.DataFrame":
    """Return the progress of a study, or of all: trials, target, failed, confirmed, the best trial and its score."""
    folder = home_folder(home)
    if study is not None:
        return status_of([standings_of(folder, study_name(study))])
    readable, problems = [], {}
    for name in storage_at(folder).names():
        try:
            readable.append(standings_of(folder, name))
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
    elif not (storage := storage_at(folder)).names():
        raise InputError(f"no study was run in {storage.where}")
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
    if study.endswith(".toml") or os.path.isfile(study):  # Path.is_file raises if a name is too long
        return load_name(Path(study))
    return study


def standings_of(home: Path, name: str) -> Standings:
    """Return the standings of the study called `name`."""
    return standings(RecordStore.open(home, name).record())


def check_positive(**values: float | None) -> None:
    """Raise InputError for a value that is not above 0."""
    for name, value in values.items():
        if value is not None and value <= 0:
            raise InputError(f"{name} = {value}: more than 0 is needed")
