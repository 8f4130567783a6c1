"""Processes that the measurements start: vaebench's commands, and scripts of this folder pinned to a core."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaebench.search.store import RecordStore
from vaebench.study.records import TrialRecord

FOLDER = Path(__file__).parent
THROUGHPUT = FOLDER / "throughput.toml"
LONG = FOLDER / "long.toml"


@dataclass(frozen=True)
class Ran:
    """A command that ran to its end."""

    started: float
    ended: float
    """Seconds since 1970, around the whole process."""
    output: str

    @property
    def seconds(self) -> float:
        """Wall time."""
        return self.ended - self.started


def run(*command: str | Path, **environment: str) -> Ran:
    """Run a command to its end. Raises RuntimeError, with what it printed, where it fails."""
    started = time.time()
    done = subprocess.run(
        [str(part) for part in command], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    ended = time.time()
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stderr}")
    return Ran(started, ended, done.stdout)


def vaebench(*arguments: str | Path) -> tuple[str | Path, ...]:
    """Return the command line of a vaebench command; -P: of the same vaebench as here, whatever the current folder."""
    return (sys.executable, "-P", "-m", "vaebench", *arguments)


@dataclass(frozen=True)
class Study:
    """A study that `vaebench run` ran in a home of its own, which is gone by now."""

    ran: Ran
    trials: tuple[TrialRecord, ...]

    @property
    def ended(self) -> list[float]:
        """When each trial had ended, sorted, seconds since 1970."""
        return sorted(trial.ended for trial in self.trials)


def run_study(file: Path, cache: Path, *options: str) -> Study:
    """Run a study from nothing but the compile cache in `cache`."""
    with tempfile.TemporaryDirectory(prefix="throughput-") as home:
        ran = run(*vaebench("run", file, "--home", home, *options), XDG_CACHE_HOME=str(cache))
        return Study(ran, RecordStore.open(Path(home), file.stem).record().trials)


class Child:
    """A script of this folder that answers lines with lines of JSON, on a core of its own or on all."""

    def __init__(self, script: str, *arguments: str, core: int | None, environment: dict[str, str]) -> None:
        def pin() -> None:  # before TensorFlow starts, which sizes its pools by the cores it may use
            if core is not None:
                os.sched_setaffinity(0, {core})

        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by the context in `child`
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / script), *arguments],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            preexec_fn=pin,
        )

    def ask(self, question: str) -> Any:
        """Send a line and wait for its answer."""
        self.send(question)
        return self.answer()

    def send(self, question: str) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Wait for the next line. Raises RuntimeError, with what it printed, where the child ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise RuntimeError(f"{self.process.args!r} ended:\n{self.errors.read()}")
        return json.loads(line)


@contextmanager
def child(script: str, *arguments: str, core: int | None = None, **environment: str) -> Iterator[Child]:
    """Start a script of this folder, and end it with the context."""
    one = Child(script, *arguments, core=core, environment=environment)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.communicate()
        one.errors.close()


def answer(value: Any) -> None:
    """Answer the parent, from a child."""
    print(json.dumps(value), flush=True)
