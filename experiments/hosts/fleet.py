"""A cluster on hosts of its own: scheduler, workers, and runs of one study that are disturbed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from hosts import Host, for_ever, scheduler, worker

STUDY = Path(__file__).parent / "cluster.toml"
PORT = 8786
UNLIKE = ["seconds", "mlflow_run_id"]
"""The columns of a leaderboard that differ between two runs of one study."""
PATIENCE = 600
PLACES = [*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), os.environ.get("PATH", "")]


@dataclass
class Fleet:
    """The hosts, and what runs on them."""

    folder: Path
    scheduler: Host
    workers: list[Host]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The scheduler's address."""
        return f"tcp://{self.scheduler.address}:{PORT}"

    def start_scheduler(self) -> None:
        """Start the scheduler, also in place of one that was killed."""
        command = scheduler(PORT, self.scheduler.address)
        self.running["scheduler"] = self.scheduler.start(*command, said=self._said("scheduler"), folder=self.folder)

    def start_workers(self) -> None:
        """Start a worker on each of their hosts: again when it ends, which it does when it loses its scheduler."""
        for host in self.workers:
            command = [*worker(self.address), "--local-directory", str(self.folder / host.name)]
            self.running[host.name] = host.start(*for_ever(command), said=self._said(host.name), folder=self.folder)

    def end(self) -> None:
        """Kill all of it."""
        for process in self.running.values():
            kill(process)

    def _said(self, name: str) -> Path:
        return self.folder / f"{name}.said"


@dataclass
class Run:
    """A run of the study by a coordinator on a host."""

    host: Host
    home: Path
    where: list[str]
    """--cluster ADDRESS or --workers N."""
    storage: str = ""

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        number = len(list(self.home.glob("*.said")))
        self.said_by = self.home / f"{number} {self.host.name}.said"
        self.began = time.monotonic()
        self.process = self._start(self.said_by, "run", STUDY, *self.where)

    def _start(self, said: Path, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "vaebench", *arguments, "--home", self.home]
        environment = {"VAEBENCH_STORAGE": self.storage} if self.storage else {}
        return self.host.start(*command, said=said, environment=environment)

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.said_by.read_text()

    @property
    def last(self) -> str:
        """What it said last."""
        return (self.said.splitlines() or ["nothing"])[-1]

    def searching(self, seconds: float = 4) -> None:
        """Wait until it has searched for some seconds."""
        while "searching" not in self.said:
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended before it searched:\n{self.said}")
            time.sleep(0.2)
        time.sleep(seconds)

    def ended(self) -> tuple[int, float]:
        """Wait for its end. Return its status, and its seconds."""
        return self.process.wait(PATIENCE), time.monotonic() - self.began

    def leaderboard(self) -> pd.DataFrame:
        """Return the leaderboard, times and ids aside."""
        path = self.home / "leaderboard.csv"
        path.unlink(missing_ok=True)
        self._start(self.home / "leaderboard.said", "leaderboard", "cluster", "--csv", path).wait(PATIENCE)
        return pd.read_csv(path, dtype=str).drop(columns=UNLIKE)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def no_database() -> str:
    """Return why there can be no database; empty if there can."""
    try:
        import psycopg  # noqa: F401 - only whether it is there
    except ImportError:
        return "psycopg is not installed"
    return "" if shutil.which("initdb", path=os.pathsep.join(PLACES)) else "PostgreSQL is not installed"


def start_database(host: Host, clients: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Start a PostgreSQL on a host, open to `clients` as on a network of one's own."""
    folder.mkdir()
    shutil.chown(folder, "nobody")
    initdb, postgres = (str(shutil.which(name, path=os.pathsep.join(PLACES))) for name in ("initdb", "postgres"))
    nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]  # it refuses to run as root
    said, data = folder / "said", folder / "data"
    Host("here").start(*nobody, initdb, "-D", data, "-U", "ada", "--no-sync", "-E", "UTF8", said=said).wait()
    with (data / "pg_hba.conf").open("a") as file:
        file.write(f"host all all {clients} trust\n")
    options = ["-c", f"listen_addresses={host.address}", "-c", f"unix_socket_directories={folder}"]
    process = host.start(*nobody, postgres, "-D", data, *options, said=said)
    while "ready to accept connections" not in said.read_text():
        if process.poll() is not None:
            raise RuntimeError(said.read_text())
        time.sleep(0.1)
    return process


def new_database(host: Host, name: str, folder: Path) -> str:
    """Make an empty database, and return its address."""
    createdb = str(shutil.which("createdb", path=os.pathsep.join(PLACES)))
    if host.start(createdb, "-h", host.address, "-U", "ada", name, said=folder / "said").wait() != 0:
        raise RuntimeError((folder / "said").read_text())
    return f"postgresql://ada@{host.address}/{name}"
