"""The command that opens the browser."""

import os
import subprocess

import click

from vaebench.cli.options import home_option
from vaebench.errors import InputError
from vaebench.home import home_folder


@click.command()
@click.argument("study", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@home_option
def ui(study: str | None, port: int, home: str | None) -> None:
    """Serve the MLflow UI at 127.0.0.1.

    It opens the right store, and the address that is printed is the study's page.
    """
    from vaebench.api import study_name
    from vaebench.study.home import existing, studies
    from vaebench.tracking.ui import ui_command, ui_url

    folder = home_folder(home)
    name = study_name(study) if study else None
    if name is not None:
        existing(folder, name)
    elif not studies(folder):
        raise InputError(f"no study was run in {folder}")
    command = ui_command(folder, port=port)
    click.echo(ui_url(folder, name, port=port))
    if command is None:
        click.echo("a tracking server serves it already (MLFLOW_TRACKING_URI)")
        return
    click.echo("starting, which takes some seconds; Ctrl-C ends it")
    arguments, environment = command
    with subprocess.Popen(arguments, env={**os.environ, **environment}) as server:
        try:
            raise SystemExit(server.wait())
        except KeyboardInterrupt:
            server.terminate()
