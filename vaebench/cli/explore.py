"""The command that opens the browser."""

import os
import signal
import socket
import subprocess
import sys
from tempfile import TemporaryFile

import click

from vaebench.cli.options import home_option
from vaebench.errors import InputError
from vaebench.home import home_folder

HOST = "127.0.0.1"


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
    command = ui_command(folder, HOST, port)
    if command is not None:
        _check_free(port)
    click.echo(ui_url(folder, name, HOST, port))
    if command is None:
        click.echo("a tracking server serves it already (MLFLOW_TRACKING_URI)")
        return
    click.echo("starting, which takes some seconds; Ctrl-C ends it")
    sys.exit(_serve(*command))


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(f"port {port} cannot be served ({error.strerror}): choose another with --port") from None


def _serve(command: list[str], environment: dict[str, str]) -> int:
    """Run the server until it or Ctrl-C ends it; what it says is shown only where it fails."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A terminal sends Ctrl-C to the server as well, which would end in tracebacks: it is this process that ends it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with TemporaryFile("w+") as said:
        with subprocess.Popen(command, env={**os.environ, **environment}, stdout=said, stderr=said) as server:
            try:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
                status = server.wait()
            except KeyboardInterrupt:
                server.terminate()
                return 0
        said.seek(0)
        click.echo(said.read(), err=True)
    return status
