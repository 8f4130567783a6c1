"""Options that several commands share; reading and showing durations."""

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from vaebench.search.address import check_address, without_password


class Duration(click.ParamType[float]):
    """A duration in seconds, written as a number with the unit s, m or h; without a unit, seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        text = str(value)
        factor = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
        try:
            seconds = float(text[:-1]) * factor if factor else float(text)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds < float("inf"):
            self.fail(f"{text!r} is no duration: a number and s, m or h, such as 90s, 10m or 2h", param, ctx)
        return seconds


DURATION = Duration()


def home_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --home and --storage. The second is set as VAEBENCH_STORAGE while the command runs."""
    command = click.option(
        "--storage",
        metavar="ADDRESS",
        expose_value=False,
        callback=_use_storage,
        help="PostgreSQL database for records that several hosts share.  [VAEBENCH_STORAGE, else files]",
    )(command)
    return click.option("--home", metavar="FOLDER", help="Where all state lives.  [VAEBENCH_HOME, else runs]")(command)


def _use_storage(ctx: click.Context, param: click.Parameter, address: str | None) -> None:
    if address is None:
        return
    check_address(address)
    if address != without_password(address):
        click.echo(
            "warning: the machine's list of processes shows what --storage says, a password too; "
            "VAEBENCH_STORAGE, PGPASSWORD or ~/.pgpass keep it out of there",
            err=True,
        )
    ctx.with_resource(_environment(VAEBENCH_STORAGE=address))


def given_place(home: str | None) -> str:
    """Return --home and --storage as they were given, for the commands that follow; without a password."""
    given = {"home": home}
    if click.get_current_context().get_parameter_source("storage") is ParameterSource.COMMANDLINE:
        given["storage"] = without_password(os.environ["VAEBENCH_STORAGE"])
    return "".join(f" --{name} {shlex.quote(value)}" for name, value in given.items() if value)


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def network_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --network, which makes the networks in these files known by their names."""

    def name_them(ctx: click.Context, param: click.Parameter, paths: tuple[Path, ...]) -> None:
        from vaebench.networks._file import add_network

        for path in paths:
            add_network(path)

    return click.option(
        "--network",
        type=click.Path(path_type=Path),
        metavar="FILE.py",
        multiple=True,
        expose_value=False,
        callback=name_them,
        help="A network of your own that the study names, as Keras code.",
    )(command)


def workers_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --workers and --cluster."""
    command = click.option(
        "--cluster", metavar="ADDRESS", help="Join a running Dask cluster: address or scheduler file."
    )(command)
    return click.option("--workers", type=int, metavar="N", help="Worker processes; 0 is none.  [one a core]")(command)


def duration(seconds: float) -> str:
    """Return a duration for reading: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
