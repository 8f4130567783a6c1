"""Kill processes of a running study at random moments, run it again until it is done, and look at what became of it."""

import contextlib
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import psutil

from vaebench.search.store import RecordStore
from vaebench.tracking.ids import read_ids
from vaebench.tracking.store import open_client

UNLIKE = ["seconds", "mlflow_run_id"]
"""The columns of a leaderboard that differ between two runs of one study."""
KINDS = {"writer_process": "MLflow", "forkserver": "worker"}
"""What a process of a run is, by a word of its command line. A worker's nanny is a thread of the coordinator. What
workers are forked from counts as one of them."""
WORK = ("scoring", "compiling", "searching", "confirming", "writing")
"""Steps of a run, by a word of what it says, after its workers have started."""
PATIENCE = 300
"""Seconds after which a run, or a process that should have ended, counts as hanging."""


@dataclass(frozen=True)
class Kill:
    """A process that was killed."""

    kind: str
    """coordinator, worker or MLflow."""
    during: str
    """What the run had said last."""
    seconds: float
    """How long the run had lasted."""
    orphans: float = 0.0
    """After how many seconds the last process of a killed coordinator had ended."""


@dataclass
class Study:
    """A study in a home of its own, run by `vaebench run` in a process of its own."""

    file: Path
    home: Path
    workers: int
    kills: list[Kill] = field(default_factory=list)
    runs: int = 0
    seen: set[psutil.Process] = field(default_factory=set)
    """Every process of its runs."""

    @property
    def name(self) -> str:
        """The study's name."""
        return self.file.stem

    def command(self, *arguments: str | Path) -> list[str]:
        """Return a command line of vaebench; -P: of the same vaebench as here, whatever the current folder."""
        command = [sys.executable, "-P", "-m", "vaebench", *arguments, "--home", self.home]
        return [str(part) for part in command]

    def start(self) -> subprocess.Popen[bytes]:
        """Start a run; what it says goes into a file."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.runs += 1
        with (self.home / f"said-{self.runs}").open("wb") as said:
            command = self.command("run", self.file, "--workers", str(self.workers))
            return subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)

    def said(self) -> str:
        """Return what the last run has said so far."""
        return (self.home / f"said-{self.runs}").read_text()

    def run(self) -> float:
        """Run it to its end, undisturbed. Return the seconds."""
        began = time.monotonic()
        self.ended_well(self.start().wait(PATIENCE))
        return time.monotonic() - began

    def ended_well(self, status: int) -> None:
        """Raise RuntimeError, with what the last run said, if it ended with a status other than 0."""
        if status != 0:
            raise RuntimeError(f"run {self.runs} ended with status {status}:\n{self.said()}")

    def disturb(self, chance: random.Random, span: float, most: int) -> None:
        """Run it until it is done, with at most `most` kills, each within `span` seconds of the one before."""
        while not self._run_disturbed(chance, span, most):
            pass

    def _run_disturbed(self, chance: random.Random, span: float, most: int) -> bool:
        """Run it once. Return whether it came to its end."""
        coordinator, began = self.start(), time.monotonic()
        if chance.random() < 0.7:  # the others are killed while they start
            self._wait_for_work(coordinator)
        while len(self.kills) < most:
            try:
                self.ended_well(coordinator.wait(chance.uniform(0, span)))
            except subprocess.TimeoutExpired:
                kill = self._kill_one(coordinator, chance, began)
            else:
                return True
            if kill is not None and kill.kind == "coordinator":
                return False
        self.ended_well(coordinator.wait(PATIENCE))
        return True

    def _wait_for_work(self, coordinator: "subprocess.Popen[bytes]") -> None:
        """Wait until the run does more than start its workers, or has ended."""
        while coordinator.poll() is None and not any(step in self.said() for step in WORK):
            with contextlib.suppress(subprocess.TimeoutExpired):
                coordinator.wait(0.1)

    def _kill_one(self, coordinator: "subprocess.Popen[bytes]", chance: random.Random, began: float) -> Kill | None:
        """Kill one of the run's processes. None if it had just ended."""
        try:
            alive = kinds(coordinator.pid)
        except psutil.NoSuchProcess:
            return None
        self.seen |= {process for processes in alive.values() for process in processes}
        kind = chance.choice(sorted(alive))
        during = (self.said().splitlines() or ["nothing yet"])[-1]
        chance.choice(sorted(alive[kind], key=lambda process: process.pid)).send_signal(signal.SIGKILL)
        killed = Kill(kind, during, time.monotonic() - began)
        if kind == "coordinator":
            coordinator.wait(PATIENCE)
            dead = time.monotonic()
            others = [process for process in self.seen if process.pid != coordinator.pid]
            psutil.wait_procs(others, timeout=PATIENCE)
            killed = Kill(kind, during, killed.seconds, time.monotonic() - dead)
        ended = f", its last process ended {killed.orphans:.1f} s later" if kind == "coordinator" else ""
        print(f"  {kind} killed after {killed.seconds:.1f} s of run {self.runs}, at {during!r}{ended}", flush=True)
        self.kills.append(killed)
        return killed

    def leaderboard(self) -> pd.DataFrame:
        """Return the leaderboard, times and ids aside."""
        path = self.home / "leaderboard.csv"
        subprocess.run(self.command("leaderboard", self.name, "--csv", path), check=True, capture_output=True)
        return pd.read_csv(path, float_precision="round_trip").drop(columns=UNLIKE)

    def complaints(self, undisturbed: pd.DataFrame) -> list[str]:
        """Return what is wrong with the study now that it is done; nothing, if all is well."""
        record = RecordStore.open(self.home, self.name).record()
        target = sum(record.definition.targets.values())
        found = []
        if (numbers := [trial.number for trial in record.trials]) != list(range(target)):
            found.append(f"the record has the trials {numbers}")
        wanted = [f"{self.name}/{number}" for number in range(target)]
        wanted += [f"{self.name}/{baseline.kind}/{baseline.name}" for baseline in record.baselines]
        ids = read_ids(self.home, self.name)
        assert ids is not None
        runs = open_client(self.home).search_runs([ids.experiment], max_results=1000)
        there = sorted(run.data.tags.get("vaebench.trial", "the study") for run in runs)
        if there != sorted([*wanted, "the study"]):
            found.append(f"MLflow has the runs {there}")
        found += [f"{run.info.run_name} is {run.info.status}" for run in runs if run.info.status != "FINISHED"]
        board = self.leaderboard()
        if not board.equals(undisturbed):
            found.append(f"the leaderboard is another:\n{board.to_string()}")
        found += [f"{process} is left" for process in psutil.wait_procs(self.seen, timeout=PATIENCE)[1]]
        return found


def kinds(coordinator: int) -> dict[str, list[psutil.Process]]:
    """Return the processes of a run by kind."""
    first = psutil.Process(coordinator)
    found = {"coordinator": [first]}
    for process in first.children(recursive=True):
        try:
            line = " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            continue
        for word, kind in KINDS.items():
            if word in line:
                found.setdefault(kind, []).append(process)
    return found
