"""The command that only looks at a study file, or at a table."""

from pathlib import Path

import click

from vaebench.cli.options import network_option


@click.command()
@click.argument("study", metavar="STUDY.toml|TABLE.csv")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="Say what N trials (of each arm) cost.")
@network_option
def check(study: str, trials: int | None) -> None:
    """Validate a study file and show what it searches. Writes nothing.

    Of a table it shows the columns, and which kind each is of.
    """
    from vaebench.cli.columns import describe_table, is_table

    if is_table(study):
        if not describe_table(Path(study)):
            click.get_current_context().exit(2)
        return
    from vaebench.cli.describe import describe
    from vaebench.search.programs import check_networks
    from vaebench.study.file import load

    definition = load(Path(study))
    describe(definition, trials)
    check_networks(definition)
