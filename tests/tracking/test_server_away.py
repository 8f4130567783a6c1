"""A tracking server on bad days: the search goes on, it is said once, and in the end every trial is there once."""

import logging
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from stored import trial_runs
from tracking_server import free_port, serving, wait_until
from unreliable import Fault, Unreliable, unreliable

from vaebench.results.standings import standings
from vaebench.tracking import live
from vaebench.tracking.live import LiveWriter
from vaebench.tracking.sync import bring_up_to_date

pytestmark = pytest.mark.slow
FAULTS: tuple[Fault, ...] = ("hangs", "answers 500", "answers nonsense", "loses its answers")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Unreliable]]:
    """Return the home whose store a real server serves, and the unreliable one before it."""
    home = tmp_path_factory.mktemp("server")
    port = free_port()
    with serving(home, port), unreliable(port) as server:
        yield home, server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, server: tuple[Path, Unreliable]) -> None:
    """Let the server be the store, and seconds be shorter."""
    for name, value in {
        "TRACKING_URI": server[1].url,
        "HTTP_REQUEST_TIMEOUT": "2",
        "HTTP_REQUEST_MAX_RETRIES": "1",
    }.items():
        monkeypatch.setenv(f"MLFLOW_{name}", value)
    monkeypatch.setattr(live, "RETRY", 0.2)
    monkeypatch.setattr(live, "PATIENCE", 1.0)


def finished(home: Path, trials: int, monkeypatch: pytest.MonkeyPatch, name: str = "gaussian") -> bool:
    """Return whether there are so many trials' runs, all of them finished, asked past the server."""
    with monkeypatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return [run.info.status for run in trial_runs(home, name)] == ["FINISHED"] * trials


@pytest.mark.usefixtures("impatient")
def test_whatever_the_server_does_in_between(
    server: tuple[Path, Unreliable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    home, before_it = server
    trials = [trial(number) for number in range(2 * len(FAULTS) + 2)]
    coming = iter(trials)
    with caplog.at_level(logging.WARNING, "vaebench"):
        writer = LiveWriter(tmp_path, study([]))
        for number, fault in enumerate(FAULTS):
            writer.submit(next(coming))
            wait_until(partial(finished, home, 2 * number + 1, monkeypatch), f"all are there before it {fault}")
            before_it.met, before_it.fault = 0, fault
            writer.submit(next(coming))
            wait_until(lambda: before_it.met > 1, f"it {fault}")
            before_it.fault = "none"
            wait_until(partial(finished, home, 2 * number + 2, monkeypatch), f"all are there after it {fault}")
        before_it.fault = "hangs"
        for last in coming:
            writer.submit(last)
        assert writer.close() == 2, "at the end nobody waits for a server that hangs"
        assert caplog.messages == [writer.said]
    assert f"MLflow at {before_it.url} is not up to date" in caplog.messages[0]
    rows = standings(study(trials))
    assert "Read timed out" in str(bring_up_to_date(tmp_path, rows, {}).warning)
    before_it.fault = "none"
    written = bring_up_to_date(tmp_path, rows, {})
    assert written.warning is None
    assert finished(home, len(trials), monkeypatch)
    assert len(set(written.run_ids.values())) == len(trials)


@pytest.mark.usefixtures("impatient")
def test_a_stopped_server_is_caught_up_with(
    server: tuple[Path, Unreliable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, before_it = server
    port = str(before_it.behind)
    (process,) = [child for child in psutil.Process().children() if port in child.cmdline()]
    writer = LiveWriter(tmp_path, study([], name="stopped"))
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        writer.submit(trial(0))
        wait_until(lambda: writer.said is not None, "it is said that the server does not answer")
    finally:
        os.killpg(process.pid, signal.SIGCONT)
    wait_until(partial(finished, home, 1, monkeypatch, "stopped"), "its trial is written")
    assert writer.close() == 0
