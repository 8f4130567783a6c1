"""The commands that show what there is: status, leaderboard, report, generate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaebench.cli.options import home_option
from vaebench.errors import InputError
from vaebench.files import home_folder

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 100
"""Of a table that is piped."""


@click.command()
@click.argument("study", required=False)
@home_option
def status(study: str | None, home: str | None) -> None:
    """Say which studies there are, and how far they are."""
    from vaebench.api import study_name
    from vaebench.results.leaderboard import best_trial, leaderboard
    from vaebench.search.asking import targets
    from vaebench.search.home import existing, studies
    from vaebench.search.store import RecordStore

    folder = home_folder(home)
    names = [study_name(study)] if study else studies(folder)
    if not names:
        click.echo(f"no study was run in {folder}")
    for name in names:
        existing(folder, name)
        store = RecordStore.open(folder, name)
        record = store.record()
        asked = sum(targets(store.definition).values())
        failed = sum(trial.reason is not None for trial in record.trials)
        confirmed = sum(bool(trial.confirmation) for trial in record.trials)
        best = best_trial(record)
        score = leaderboard(record).query("rank == 1")["score"].iloc[0] if best else float("nan")
        click.echo(
            f"{name}: {len(record.trials)} of {max(asked, len(record.trials))} trials, {failed} failed, "
            f"{confirmed} confirmed" + (f"; best is trial {best.number}, score {score:.3f}" if best else "")
        )


@click.command()
@click.argument("study")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Trials in the table.")
@click.option("--csv", "csv", type=Path, metavar="FILE", help="Write all of it as CSV.")
@click.option("--json", "json", type=Path, metavar="FILE", help="Write all of it as JSON.")
@click.option("--markdown", type=Path, metavar="FILE", help="Write it as a Markdown table.")
@click.option("--parquet", type=Path, metavar="FILE", help="Write all of it as Parquet.")
@home_option
def leaderboard(
    study: str,
    top: int,
    csv: Path | None,
    json: Path | None,
    markdown: Path | None,
    parquet: Path | None,
    home: str | None,
) -> None:
    """Show the leaderboard, or write it to files.

    Its rows are every trial, baseline and the noise floor, best first; files hold them all.
    """
    from vaebench import api
    from vaebench.results.export import write

    files = {"csv": csv, "json": json, "markdown": markdown, "parquet": parquet}
    wanted = {kind: path for kind, path in files.items() if path is not None}
    if wanted:
        api.check_output(study, *wanted.values(), home=home)
    frame = api.leaderboard(study, home=home)
    for kind, path in wanted.items():
        write(frame, path, kind)  # type: ignore[arg-type]
        click.echo(f"{len(frame)} rows written to {path}")
    if not wanted:
        show(frame, top, api.summary(study, home=home))


@click.command()
@click.argument("study")
@click.option("-o", "--output", type=Path, metavar="FILE", help="Where to.  [STUDY.html]")
@home_option
def report(study: str, output: Path | None, home: str | None) -> None:
    """Write a study as one HTML page.

    It has the answer, the leaderboard, the pictures, and why confirmed trials are off; it loads nothing from anywhere.
    """
    from vaebench import api

    output = output or Path(f"{api.study_name(study)}.html")
    api.report(study, output, home=home)
    click.echo(f"report written to {output}")


@click.command()
@click.argument("study")
@click.option("-n", "n", type=click.IntRange(1), default=15_000, show_default=True, help="Rows to generate.")
@click.option("-o", "--output", type=Path, required=True, metavar="FILE", help="Where to: .csv or .parquet.")
@click.option("--trial", type=int, metavar="N", help="Generate from trial N.  [the best]")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same rows.")
@home_option
def generate(study: str, n: int, output: Path, trial: int | None, seed: int, home: str | None) -> None:
    """Draw new rows from the best trial.

    They are in the data's own units and columns.
    """
    from vaebench import api
    from vaebench.results.export import write

    kinds = {".csv": "csv", ".parquet": "parquet"}
    if output.suffix.lower() not in kinds:
        raise InputError(f"{output}: the file's name must end in .csv or .parquet")
    api.check_output(study, output, home=home)
    frame = api.generate(study, n, trial=trial, seed=seed, home=home)
    write(frame, output, kinds[output.suffix.lower()])  # type: ignore[arg-type]
    click.echo(f"{n} rows written to {output}, from {api.worth(study, trial=trial, home=home)}")


def show(frame: "pd.DataFrame", top: int, said: Sequence[str]) -> None:
    """Print the leaderboard as a table, and below it what it says."""
    from rich.console import Console

    from vaebench.results.table import table

    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table(frame, top, console.width))
    for line in said:
        console.print(line, markup=False, highlight=False)
