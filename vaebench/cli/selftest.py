"""The command that tests this installation against known answers."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vaebench.selftest.check import Check


@click.command()
def selftest() -> None:
    """Measure what is known in closed form, on this machine."""
    from vaebench.selftest import run

    show(run())


def show(checks: "Iterable[Check]") -> None:
    """Print a line per check as it is measured. Exit with status 1 if one misses."""
    click.echo(f"{'':6}  {'expected':>8}  {'measured':>8}  {'tolerance':>9}")
    done, missed = 0, 0
    for check in checks:
        done, missed = done + 1, missed + (not check.ok)
        numbers = f"{check.expected:8.4f}  {check.measured:8.4f}  {check.tolerance:9.4f}"
        reason = f" ({check.reason})" if check.reason else ""
        click.echo(f"{'ok' if check.ok else 'MISSED':6}  {numbers}  {check.what}{reason}")
    click.echo(f"{done - missed} of {done} ok" + (f", {missed} MISSED" if missed else ""))
    if missed:
        click.get_current_context().exit(1)
