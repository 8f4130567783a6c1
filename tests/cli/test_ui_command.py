"""`vaebench ui` says where the study's page is, and ends its server with itself."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from command_line import environment, invoke


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_with_the_command(recorded: Path, number: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "vaebench", "ui", "small", "--port", port]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == f"http://127.0.0.1:{port}\n"  # nothing of it is in MLflow yet
        while not (servers := psutil.Process(running.pid).children()):
            pass
        running.send_signal(number)
        assert (running.wait(), running.stderr.read()) == (0, "")
    assert not any(server.is_running() for server in servers)


def test_a_tracking_server_serves_it_already(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org/")
    said = invoke("ui").stdout.splitlines()
    assert said == ["https://mlflow.example.org", "a tracking server serves it already (MLFLOW_TRACKING_URI)"]
