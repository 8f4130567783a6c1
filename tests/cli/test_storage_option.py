"""--storage says where records are for one command, and nobody's password."""

import os

import click
import pytest
from click.testing import CliRunner

from vaebench.cli import main
from vaebench.cli.options import given_place, home_option
from vaebench.files import storage_address

ADDRESS = "postgresql://ada:open-sesame@127.0.0.1:1/studies?sslmode=disable"
SHOWN = "postgresql://ada@127.0.0.1:1/studies?sslmode=disable"


@click.command()
@home_option
def shows(home: str | None) -> None:
    """Show where the command looks, and what a command that follows should be given."""
    click.echo(f"{storage_address()}\n{given_place(home)}")


@pytest.fixture(autouse=True)
def _from_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAEBENCH_STORAGE", "postgresql://from/before")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], ["postgresql://from/before", ""]),
        (["--home", "a b"], ["postgresql://from/before", " --home 'a b'"]),
        (["--storage", SHOWN], [SHOWN, f" --storage '{SHOWN}'"]),
        (["--home", "h", "--storage", ADDRESS], [ADDRESS, f" --home h --storage '{SHOWN}'"]),
    ],
)
def test_it_is_set_for_one_command_and_passed_on_without_a_password(arguments: list[str], shown: list[str]) -> None:
    result = CliRunner().invoke(shows, arguments)
    assert result.stdout.split("\n")[:2] == shown
    assert ("list of processes" in result.stderr) == (ADDRESS in arguments)
    assert "open-sesame" not in result.stderr
    assert os.environ["VAEBENCH_STORAGE"] == "postgresql://from/before"


@pytest.mark.parametrize("command", ["status", "leaderboard", "report", "generate", "confirm", "sync", "ui"])
def test_every_command_that_reads_a_record_says_that_no_server_answers(command: str) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    more = ["-o", "new.csv"] if command == "generate" else []
    result = CliRunner().invoke(main, [command, "small", *more, "--storage", SHOWN])
    assert result.exit_code == 2
    assert result.stderr.startswith(f'error: {SHOWN}: connection to server at "127.0.0.1", port 1 failed: ')
    assert result.stderr.count("\n") == 1
