"""Hosts that share a PostgreSQL and a tracking server on it, with artifacts over HTTP: one study, and no password."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from postgres_server import SECRETS, Server, serving_postgres
from tracking_server import free_port, serving_by

from vaebench.cli import main
from vaebench.tracking.ids import read_ids
from vaebench.tracking.store import SETTINGS, open_client

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

STUDY = """
[study]
name = "small"
trials = 2
replicates = 1

[data]
distribution = { name = "norm", loc = 100, scale = 10 }
rows = 40

[evaluation]
generated = 200
true = 200

[fixed]
epochs = 3
batch_size = 16
encoder = [8]
decoder = [8]
variant = "ae"
loss = "mse"
latent_sampler = "gaussian"
learning_rate = 0.01

[search]
latent_dim = { int = [1, 4] }

[confirm]
top = 1
replicates = 2
"""


@dataclass
class Hosts:
    """What hosts share, and what was said and seen on them."""

    postgres: Server
    folder: Path
    databases: tuple[str, str]
    environment: dict[str, str]
    seen: list[str] = field(default_factory=list)

    def run_alone(self, home: Path, *arguments: str) -> str:
        """Run a command in a process of its own, and note the command lines of all that it starts."""
        own = ("VAEBENCH_", "MLFLOW_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        command = [sys.executable, "-m", "vaebench", *arguments, "--home", str(home)]
        said = self.folder / "said"
        with said.open("w") as file:
            process = subprocess.Popen(command, env=environment | self.environment, stdout=file, stderr=file)
        while process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                try:
                    self.seen += child.cmdline()
                except psutil.Error:  # it has just ended
                    continue
            psutil.wait_procs([psutil.Process(process.pid)], timeout=0.2)
        self.seen.append(said.read_text())
        assert process.returncode == 0, said.read_text()
        return said.read_text()

    def tables(self) -> list[tuple[str, str]]:
        """Return each database with the query for all of its rows as text."""
        names = "SELECT string_agg(format('SELECT t::text FROM %I t', tablename), ' UNION ALL ') FROM pg_tables "
        found = []
        for database in self.databases:
            ((query,),) = self.postgres.execute(database, names + "WHERE schemaname = 'public'")
            found.append((database, query))
        return found

    def invoke(self, home: Path, *arguments: str) -> str:
        result = CliRunner().invoke(main, [*arguments, "--home", str(home)], env=self.environment)
        self.seen.append(result.output)
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    port = free_port()
    with serving_postgres() as postgres:
        records, runs = postgres.new_database(), postgres.new_database()
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
        ]
        command += ["--artifacts-destination", (tmp_path / "artifacts").as_uri()]
        settings = {"MLFLOW_BACKEND_STORE_URI": postgres.address(runs), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with serving_by(command, {**os.environ, **SETTINGS, **settings}, tmp_path, port) as url:
            environment = {"VAEBENCH_STORAGE": postgres.address(records), "MLFLOW_TRACKING_URI": url}
            yield Hosts(postgres, tmp_path, (records, runs), environment)


def test_a_second_host_has_all_of_a_study_and_the_password_is_nowhere(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    study = tmp_path / "small.toml"
    study.write_text(STUDY)
    hosts.run_alone(first, "run", str(study), "--workers", "1")
    for name, value in hosts.environment.items():
        monkeypatch.setenv(name, value)
    assert not list(first.glob("**/journal.log")) + list(first.glob("mlflow.db"))

    assert hosts.invoke(second, "status").startswith("small: 2 of 2 trials, 0 failed, 1 confirmed; best is trial ")
    assert hosts.invoke(second, "sync", "small", "--workers", "0").splitlines()[-1].endswith("all 2 trials are there")
    assert read_ids(second, "small") == read_ids(first, "small")
    for name, home in (("first", first), ("second", second)):
        hosts.invoke(home, "leaderboard", "small", "--csv", str(tmp_path / f"{name}.csv"))
        hosts.invoke(home, "generate", "small", "-n", "50", "-o", str(tmp_path / f"{name}.new.csv"))
        hosts.invoke(home, "ui", "small")
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()
    assert (tmp_path / "first.new.csv").read_bytes() == (tmp_path / "second.new.csv").read_bytes()

    client, ids = open_client(second), read_ids(second, "small")
    assert ids is not None
    runs = client.search_runs([ids.experiment], f"tags.`mlflow.parentRunId` = '{ids.parent_run}'")
    assert [run.data.tags["vaebench.kind"] for run in runs].count("trial") == 2, "each trial is there once"
    assert client.get_experiment(ids.experiment).artifact_location.startswith("mlflow-artifacts:/")
    copied = client.download_artifacts(ids.parent_run, "leaderboard.csv", str(tmp_path))
    assert len(Path(copied).read_text().splitlines()) == len((tmp_path / "first.csv").read_text().splitlines())
    assert client.get_model_version_by_alias("small", "champion").version == "1"

    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    kept += [repr(hosts.postgres.execute(name, everything)).encode() for name, everything in hosts.tables()]
    kept += [text.encode() for text in hosts.seen]
    assert any(b"forkserver" in text for text in kept), "workers' command lines were seen"
    assert any(b"writer_process" in text for text in kept), "and that of the process that writes into MLflow"
    for secret in SECRETS:
        assert not any(secret.encode() in text for text in kept)
