"""Ctrl-C and SIGTERM keep what is finished, and the same command goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment, invoke
from whole_studies import ONE_STRUCTURE, new_study

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 0)])
def test_an_interrupted_run_says_so_and_goes_on_later(tmp_path: Path, number: int, workers: int) -> None:
    study = new_study(tmp_path, ONE_STRUCTURE)
    command = [sys.executable, "-m", "vaebench", "run", "small.toml", "--workers", str(workers), "--trials", "60"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stderr is not None
        line = next(line for line in running.stderr if "/60, " in line)
        if number == signal.SIGINT:  # as a terminal does: to every process of the group
            os.killpg(running.pid, number)
        else:
            running.send_signal(number)
        rest = running.stderr.read()
    assert running.returncode == 1
    assert rest.splitlines()[-1] == "stopped; what is finished is kept, and the same command goes on from here"
    assert "Traceback" not in rest
    done = len(study.record().trials)
    assert int(line.split()[1].split("/")[0]) <= done < 60
    more = ["--trials", done + 1, "--no-confirm"]
    result = invoke("run", study.study, "--home", study.home, "--workers", 0, *more)
    assert f" searching: {done} of {done + 1} trials done\n" in result.stderr
    assert [trial.number for trial in study.record().trials] == list(range(done + 1))
    assert len(study.nested_runs()[1]) == done + 1
