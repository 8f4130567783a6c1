"""Ctrl-C, SIGTERM, a closed terminal or pipe keep what is finished, and the same command goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment, invoke
from whole_studies import ONE_STRUCTURE, QUICK, Ran, new_study

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]

ENDLESS = ONE_STRUCTURE.replace("{ choice = [0.003, 0.01, 1e30] }", "{ float = [0.003, 0.01] }")
"""A study of more than 12 combinations."""


def running(study: Ran, *arguments: object, stdout: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    """Start a run of the study in a process group of its own, as a shell does."""
    command = [sys.executable, "-m", "vaebench", "run", "small.toml", *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=study.folder,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize(
    ("number", "workers", "during", "trials"),
    [
        (signal.SIGINT, 1, "/60, ", 60),
        (signal.SIGTERM, 0, "scoring the baselines", 2),
        (signal.SIGHUP, 0, "confirming", 2),
        (signal.SIGINT, 0, "writing runs, plots and models", 2),
    ],
)
def test_an_interrupted_run_says_so_and_goes_on_later(
    tmp_path: Path, number: int, workers: int, during: str, trials: int
) -> None:
    study = new_study(tmp_path, ENDLESS)
    with running(study, "--workers", workers, "--trials", trials) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if during in line)
        if number == signal.SIGTERM:
            process.send_signal(number)
        else:  # as a terminal does: to every process of the group
            os.killpg(process.pid, number)
        rest = process.stderr.read()
    assert process.returncode == 128 + number
    # a thread says "stopping", before or after
    assert "stopped; what is finished is kept, and the same command goes on from here" in rest.splitlines()
    assert "Traceback" not in rest
    done = len(study.record().trials)
    least = int(line.split()[1].split("/")[0]) if trials == 60 else 0 if "baselines" in during else 2
    assert least <= done < 60
    more = ["--trials", done + 1, *(["--no-confirm"] if trials == 60 else [])]
    result = invoke("run", study.study, "--home", study.home, "--workers", 0, *more)
    assert f" searching: {done} of {done + 1} trials done\n" in result.stderr
    assert [trial.number for trial in study.record().trials] == list(range(done + 1))
    assert len(study.nested_runs()[1]) == done + 1


def test_a_closed_pipe_ends_a_run_quietly_and_the_record_is_whole(tmp_path: Path) -> None:
    study = new_study(tmp_path, QUICK)
    with running(study, "--workers", 0) as process:  # vaebench run ... 2>&1 | head -1
        assert process.stderr is not None
        process.stderr.readline()
        process.stderr.close()
    assert process.returncode == 1
    with running(study, "--workers", 0, stdout=subprocess.PIPE) as process:  # vaebench run ... | head -0
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 1
    assert "writing runs, plots and models" in said
    assert "Traceback" not in said
    assert [trial.number for trial in study.record().trials] == [0, 1]
