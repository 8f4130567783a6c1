"""A real PostgreSQL on a free loopback port, with a password that needs percent-encoding."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

USER = "ada"
PASSWORD = "open-sesame/1@%7"
SECRETS = (PASSWORD, quote(PASSWORD, safe=""))
"""The password as it is, and as an address has it."""
PLACES = [*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), os.environ.get("PATH", "")]
PROGRAMS = {name: shutil.which(name, path=os.pathsep.join(PLACES)) for name in ("initdb", "pg_ctl")}


class Server:
    """A PostgreSQL server that can be stopped and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def run(self, program: str, *arguments: object) -> None:
        """Run a program of PostgreSQL's, which refuses to run as the superuser: as nobody then."""
        bound = (
            {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        command = [PROGRAMS[program], "-D", self.folder / "data", *arguments]
        with (self.folder / "said").open("ab") as said:
            status = subprocess.run(command, stdout=said, stderr=said, cwd=self.folder, check=False, **bound)  # type: ignore[call-overload]
        assert status.returncode == 0, (self.folder / "said").read_text()

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self.run("pg_ctl", "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it as an administrator does who does not wait: every connection is cut."""
        self.run("pg_ctl", "-m", "fast", "-w", "stop")

    def address(self, database: str, password: str | None = PASSWORD) -> str:
        user = USER if password is None else f"{USER}:{quote(password, safe='')}"
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def execute(self, database: str, *queries: Any) -> list[Any]:
        """Run queries as another program would; return the rows of the last one."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            for query in queries:
                cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """Return the name of a new and empty database."""
        name = f"records_{uuid4().hex[:8]}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return name


@contextmanager
def serving_postgres() -> Iterator[Server]:
    """Serve an empty cluster. Skips the test, with the reason, where PostgreSQL or its driver is not installed."""
    if missing := [name for name, path in PROGRAMS.items() if path is None]:
        pytest.skip(f"PostgreSQL's {' and '.join(missing)} are not installed")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    folder = Path(tempfile.mkdtemp(prefix="vaebench-postgres-"))
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        server = Server(folder, probe.getsockname()[1])
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
            shutil.chown(folder / "password", "nobody")
        server.run(
            "initdb", "-U", USER, "--auth=scram-sha-256", "--pwfile", folder / "password", "--no-sync", "-E", "UTF8"
        )
        server.start()
        try:
            yield server
        finally:
            server.run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)
