"""The table of a file's columns that `check` prints: kind, range, distinct, empty, and why."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from vaebench.data_sets.file import File
from vaebench.data_sets.file.dialect import PLAIN, SEPARATORS
from vaebench.data_sets.file.kinds import Column

HEAD = ("column", "kind", "range", "distinct", "empty", "why")
WIDEST = (20, 12, 46, 9, 5, 60)
TABLES = (".csv", ".tsv", ".parquet", ".gz")


def is_table(study: str) -> bool:
    """Return whether a command was given a table in place of a study file."""
    return study.lower().endswith(TABLES)


def describe_table(path: Path) -> bool:
    """Print what the columns of a table are, and what to do next. Return whether they can be learned from."""
    file, why_not = File.look(path)
    left = len(file.table) - len(file.columns)
    not_used = f", {left} of them not learned from" if left else ""
    written = (
        ""
        if file.dialect == PLAIN
        else f"; {SEPARATORS[file.dialect.separator]} between cells, {file.dialect.encoding}"
    )
    click.echo(f"{path.name}: {file.available_rows} rows, {len(file.table)} columns{not_used}{written}\n")
    for line in lines(file.table):
        click.echo(line)
    click.echo("\nAnother kind is declared in the study file, for example:\n")
    name = file.table[0].name.replace("\\", "\\\\").replace('"', '\\"')
    click.echo(f'[data]\nfile = "{path.name}"\n\n[data.columns]\n"{name}" = {{ kind = "category" }}')
    if why_not:
        click.echo(f"\nwarning: {why_not}")
    return not why_not


def lines(table: Sequence[Column]) -> Iterator[str]:
    """Yield the head of the table, then a line for each column."""
    cells = [HEAD, *((of.name, of.kind, of.range, str(of.distinct), str(of.empty), of.why) for of in table)]
    short = [[_short(cell, most) for cell, most in zip(row, WIDEST, strict=True)] for row in cells]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    for row in short:
        name, kind, span, distinct, empty, why = (
            cell.rjust(width) if place in (3, 4) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"{name}  {kind}  {span}  {distinct}  {empty}  {why}".rstrip()


def _short(text: str, most: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[: most - 3]}..."
