"""The commands that show or use results: status, leaderboard, report, generate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaebench.cli.options import home_option, network_option
from vaebench.files import home_folder
from vaebench.search.events import Event, Step
from vaebench.search.storage import storage_at

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 100
"""Width of a table if output is piped."""


@click.command()
@click.argument("study", required=False)
@home_option
def status(study: str | None, home: str | None) -> None:
    """Say which studies there are, and how far they are."""
    from vaebench.api import looking

    frame = looking.status(study, home=home)
    if frame.empty:
        click.echo(f"no study was run in {storage_at(home_folder(home)).where}")
    for row in frame.to_dict(orient="records"):
        if isinstance(row["problem"], str):
            click.echo(f"{row['study']}: {row['problem']}")
            continue
        best = f"; best is trial {row['best_trial']}, score {row['score']:.3f}" if row["score"] == row["score"] else ""
        click.echo(
            f"{row['study']}: {row['trials']} of {row['target']} trials, {row['failed']} failed, "
            f"{row['confirmed']} confirmed{best}"
        )


@click.command()
@click.argument("study")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Trials in the table.")
@click.option("--csv", type=Path, metavar="FILE", help="Write all of it as CSV.")
@click.option(
    "-o", "--output", type=Path, metavar="FILE", help="Write all of it: .csv, .json, .parquet, or .md to be read."
)
@home_option
def leaderboard(study: str, top: int, csv: Path | None, output: Path | None, home: str | None) -> None:
    """Show the leaderboard, or write it to a file.

    Its rows are every trial, baseline and the noise floor, best first; files hold them all.
    """
    from vaebench.api import looking
    from vaebench.results.export import write, writer_for

    wanted = [(path, ending) for path, ending in ((csv, ".csv"), (output, "")) if path is not None]
    for path, ending in wanted:
        writer_for(path, ending)
    name = looking.study_name(study)
    looking.check_output(name, *(path for path, _ in wanted), home=home)
    frame = looking.leaderboard(name, home=home)
    for path, ending in wanted:
        write(frame, path, ending)
        click.echo(f"{len(frame)} rows written to {path}")
    if not wanted:
        show(frame, top, looking.summary(name, home=home))


@click.command()
@click.argument("study")
@click.option("-o", "--output", type=Path, metavar="FILE", help="Where to.  [STUDY.html]")
@home_option
@network_option
def report(study: str, output: Path | None, home: str | None) -> None:
    """Write a study as one HTML page.

    It has the answer, the leaderboard, the plots, and why confirmed trials are off; it loads nothing from anywhere.
    """
    from vaebench.api import looking

    name = looking.study_name(study)
    output = output or Path(f"{name}.html")
    looking.report(name, output, home=home)
    click.echo(f"report written to {output}")


@click.command()
@click.argument("study")
@click.option("-n", "n", type=click.IntRange(1), default=15_000, show_default=True, help="Rows to generate.")
@click.option(
    "-o", "--output", type=Path, required=True, metavar="FILE", help="Where to: .csv, .tsv, .parquet, .json or .md."
)
@click.option("--trial", type=int, metavar="N", help="Generate from trial N.  [the best]")
@click.option("--baseline", metavar="NAME", help="Generate from a baseline of the leaderboard.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed gives the same rows.")
@home_option
@network_option
def generate(
    study: str, n: int, output: Path, trial: int | None, baseline: str | None, seed: int, home: str | None
) -> None:
    """Draw new rows from the best trial, another, or a baseline.

    They are in the data's own units and columns.
    """
    from vaebench.api import looking
    from vaebench.results.export import writer_for

    writer_for(output)
    name = looking.study_name(study)
    looking.check_output(name, output, home=home)
    frame = looking.generate(name, n, trial=trial, baseline=baseline, seed=seed, home=home, observer=_say)
    looking.write_rows(name, frame, output, home=home)
    worth = looking.worth(name, trial=trial, baseline=baseline, home=home)
    click.echo(f"{n} rows written to {output}, from {worth}")


def _say(event: Event) -> None:
    if isinstance(event, Step):
        click.echo(f"{event.what} ...", err=True)


def show(frame: "pd.DataFrame", top: int, said: Sequence[str]) -> None:
    """Print the leaderboard as a table, and below it the summary `said`."""
    from rich.console import Console

    from vaebench.results.table import table

    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table(frame, top, console.width))
    for line in said:
        console.print(line, markup=False, highlight=False)
