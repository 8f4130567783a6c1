"""The command that only looks at a study file."""

from pathlib import Path

import click


@click.command()
@click.argument("study", metavar="STUDY.toml")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="Say what N trials (of each arm) cost.")
def check(study: str, trials: int | None) -> None:
    """Validate a study file and show what it searches. Writes nothing."""
    from vaebench.cli.describe import describe
    from vaebench.study.file import load

    describe(load(Path(study)), trials)
