"""Killed or interrupted at any moment, a study goes on as if it had not been, and leaves no worker behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import cheap_evaluations
import pytest
from cheap_evaluations import signals
from small_studies import STUDY, go, timeless

from vaebench.search import local_workers
from vaebench.search import workers as cluster
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition

pytestmark = pytest.mark.slow


SCRIPT = """
import sys
from pathlib import Path
from typing import NoReturn

import cheap_evaluations, small_studies
import vaebench.search.run as run
from vaebench.search import local_workers
from vaebench.search import workers as cluster
from vaebench.search.interrupts import interruptible
from vaebench.study import file as study_file

if __name__ == "__main__":
    run.begin_attainable = cheap_evaluations.scale
    local_workers._load_everywhere = lambda client: None
    local_workers.LOADED = ("distributed",)
    home, workers = Path(sys.argv[1]), int(sys.argv[2])
    with interruptible():
        run.run(
            study_file.load(home / "study.toml"),
            home=home,
            executors=small_studies.evaluated_by(cheap_evaluations.signals, lambda: cluster.executor(workers)),
        )
"""


def run_process(
    home: Path, workers: int, number: int, at: int, victim: str = "self"
) -> "subprocess.CompletedProcess[str]":
    """Run the small study in a process that the evaluation numbered `at` sends the signal `number`."""
    (home / "study.toml").write_text(STUDY)
    script = home / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(cheap_evaluations.__file__).parent), *sys.path]),
        "EVALUATIONS": str(home / "evaluations"),
        "AT": str(at),
        "VICTIM": victim,
        "SIGNAL": str(number),
    }
    command = [sys.executable, str(script), str(home), str(workers)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False, start_new_session=True
    )


@pytest.mark.parametrize("at", [0, 19, 43])
def test_killed_at_any_moment_it_goes_on_as_if_it_had_not_been(
    definition: StudyDefinition, tmp_path: Path, at: int
) -> None:
    assert run_process(tmp_path, 0, signal.SIGKILL, at).returncode == -signal.SIGKILL
    store = RecordStore.open(tmp_path, "small")
    assert store.count == min(at // 2, 20)
    assert all(trial.state.is_finished() for trial in store.finished()[""])
    record = go(definition, tmp_path)
    assert timeless(record) == timeless(go(definition, tmp_path / "other"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_keeps_what_is_finished(tmp_path: Path, number: int) -> None:
    ended = run_process(tmp_path, 0, number, 19)
    raised = "KeyboardInterrupt" if number == signal.SIGINT else f"vaebench.search.interrupts.Interrupted: {number:d}"
    assert ended.stderr.splitlines()[-1] == raised
    assert RecordStore.open(tmp_path, "small").count == 9


@pytest.mark.parametrize(("number", "victim"), [(signal.SIGINT, "group"), (signal.SIGKILL, "leader")])
def test_the_end_of_the_coordinator_ends_the_workers(
    tmp_path: Path, definition: StudyDefinition, number: int, victim: str
) -> None:
    ended = run_process(
        tmp_path, 2, number, 19, victim
    )  # returns when the last process that holds its output has ended
    if number == signal.SIGINT:
        assert ended.returncode == -signal.SIGINT
        assert ended.stderr.splitlines()[-1] == "KeyboardInterrupt"
        assert ended.stderr.count("Traceback") == 1, ended.stderr
    assert RecordStore.open(tmp_path, "small").count < 20
    assert timeless(go(definition, tmp_path)) == timeless(go(definition, tmp_path / "other"))


def test_two_workers_one_of_them_killed_give_the_same_record(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_workers, "_load_everywhere", lambda client: None)
    monkeypatch.setattr(local_workers, "LOADED", ("distributed",))
    monkeypatch.setenv("EVALUATIONS", str(tmp_path / "evaluations"))
    for name, value in {"AT": "7", "VICTIM": "self", "SIGNAL": str(int(signal.SIGKILL))}.items():
        monkeypatch.setenv(name, value)
    record = go(definition, tmp_path, signals, executors=lambda: cluster.executor(2))
    assert len((tmp_path / "evaluations").read_text()) > 20 * 2 + 3 * 4  # some were evaluated again
    assert [trial.number for trial in record.trials] == list(range(20))
    assert not any(trial.reason for trial in record.trials)
    assert timeless(record) == timeless(go(definition, tmp_path / "other"))


LOADING = """
import sys
import psutil
from vaebench.search.workers import executor

def say(what):
    if what.startswith("loading"):
        for process in psutil.Process().children(recursive=True):
            if "forkserver" in " ".join(process.parent().cmdline()):
                process.kill()

if __name__ == "__main__":
    with executor(2, None, say) as workers:
        print(workers.submit(len, "ab").result())
"""


def test_workers_that_are_killed_while_they_load_tensorflow_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(LOADING)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(tmp_path / "script.py")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.split() == ["2"]
