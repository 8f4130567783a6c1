"""The command that opens the browser."""

import os
import subprocess

import click

from vaebench.cli.options import home_option
from vaebench.home import home_folder


@click.command()
@click.argument("study", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@home_option
def ui(study: str | None, port: int, home: str | None) -> None:
    """Serve the MLflow UI on the right store, at 127.0.0.1, and say where the study's page is."""
    from vaebench.api import study_name
    from vaebench.study.home import existing
    from vaebench.tracking.ui import ui_command, ui_url

    folder = home_folder(home)
    name = study_name(study) if study else None
    if name is not None:
        existing(folder, name)
    command = ui_command(folder, port=port)
    click.echo(f"{ui_url(folder, name, port=port)}")
    if command is None:
        click.echo("a tracking server serves it already (MLFLOW_TRACKING_URI)")
        return
    click.echo("starting, which takes some seconds; Ctrl-C ends it")
    arguments, environment = command
    raise SystemExit(subprocess.run(arguments, env={**os.environ, **environment}, check=False).returncode)
