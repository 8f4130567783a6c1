"""The command that serves the MLflow UI."""

import os
import signal
import socket
import subprocess
import sys
from tempfile import TemporaryFile

import click

from vaebench.cli.options import home_option
from vaebench.errors import InputError
from vaebench.files import home_folder

HOST = "127.0.0.1"


@click.command()
@click.argument("study", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
@home_option
def ui(study: str | None, port: int, home: str | None) -> None:
    """Serve the MLflow UI at 127.0.0.1, to this machine alone.

    It opens the right store, and the address that is printed is the study's page.
    """
    from vaebench.api import looking
    from vaebench.tracking.ui import shared_server

    address, command = looking.ui(study, host=HOST, port=port, home=home)
    if command is not None:
        _check_free(port)
    click.echo(address)
    if command is None:
        click.echo("a tracking server serves it already (MLFLOW_TRACKING_URI)")
        return
    click.echo("starting, which takes some seconds; Ctrl-C ends it")
    click.echo(
        "Only this machine reaches it, without a password. For a server that people share, with passwords "
        f"(pip install 'mlflow[auth]'):\n  {shared_server(home_folder(home), port)}"
    )
    sys.exit(_serve(*command))


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(f"port {port} cannot be served ({error.strerror}): choose another with --port") from None


def _serve(command: list[str], environment: dict[str, str]) -> int:
    """Run the server until it ends or Ctrl-C or SIGTERM ends it. Its output is shown only if it fails."""
    servers: list[subprocess.Popen[str]] = []
    ending: list[int] = []

    def end(number: int, _: object) -> None:
        ending.append(number)
        for server in servers:
            server.terminate()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with TemporaryFile("w+") as said:
        # A terminal sends Ctrl-C to the server too, which would print tracebacks. Only this process should end it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=said, stderr=said, text=True)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        servers.append(server)
        if ending:  # a signal came while it started
            server.terminate()
        status = server.wait()
        if ending:
            return 0
        said.seek(0)
        click.echo(said.read(), err=True)
    return status
