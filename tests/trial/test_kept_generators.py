"""Kept generators: read as they were written, and made anew where they are damaged or were made otherwise."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_specs import small_definition, small_spec, small_trial

from vaebench.generator import FORMAT
from vaebench.trial.kept_generators import about, folder_of, read, write

TRIAL, DEFINITION = small_trial(small_spec("ae"), number=2), small_definition()


def files(trial=TRIAL) -> dict[str, bytes]:
    content = {
        "format": FORMAT,
        "columns": ["x"],
        "about": about(trial, DEFINITION),
        "steps": [["normal", {"units": 1}]],
    }
    empty = Path("arrays.npz")
    np.savez(empty)
    return {"generator.json": json.dumps(content).encode(), "arrays.npz": empty.read_bytes()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    write(home, "small", 2, files())
    return home


def test_it_is_read_as_it_was_written_and_replaced_whole(home: Path) -> None:
    kept = read(home, TRIAL, DEFINITION)
    assert kept is not None
    assert kept.about == about(TRIAL, DEFINITION)
    write(home, "small", 2, files() | {"README.md": b"new"})
    assert read(home, TRIAL, DEFINITION) is not None
    folder = folder_of(home, "small", 2)
    assert {path.name for path in folder.iterdir()} == {"generator.json", "arrays.npz", "README.md"}
    assert [path.name for path in folder.parent.iterdir()] == ["2"]


@pytest.mark.parametrize("name", ["generator.json", "arrays.npz"])
@pytest.mark.parametrize("damage", ["gone", "empty", "half", "garbage", "null"])
def test_a_damaged_one_counts_as_none(home: Path, name: str, damage: str) -> None:
    file = folder_of(home, "small", 2) / name
    whole = file.read_bytes()
    damaged = {"empty": b"", "half": whole[: len(whole) // 2], "garbage": b"\x80\x04.", "null": b"null"}
    file.unlink() if damage == "gone" else file.write_bytes(damaged[damage])
    assert read(home, TRIAL, DEFINITION) is None


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(TRIAL, started=5.0),
        small_trial(small_spec("ae", epochs=41), number=2),
        small_trial(small_spec("ae", scaling="minmax"), number=2),
    ],
    ids=["started at another time", "of more epochs", "scaled otherwise"],
)
def test_that_of_another_trial_of_the_number_counts_as_none(home: Path, other) -> None:
    assert read(home, other, DEFINITION) is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    write(tmp_path / "home", "small", 2, {"generator.json": b"{}"})
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_reading_runs_nothing(home: Path) -> None:
    """No code is run or unpickled, no process is started, nothing is written and no module imported."""
    code = """
import os, sys
from pathlib import Path
from small_specs import small_definition, small_spec, small_trial
from vaebench.trial.kept_generators import read
home, trial, definition = Path(sys.argv[1]), small_trial(small_spec("ae"), number=2), small_definition()
assert read(home, trial, definition).generate(5).shape == (5, 1)  # whatever is imported late is there now
heard = []
sys.addaudithook(lambda event, arguments: heard.append((event, arguments)))
assert read(home, trial, definition).generate(5).shape == (5, 1)
names = {event for event, _ in heard}
assert names <= {"open", "compile", "object.__getattr__", "os.listdir"}, names  # NumPy parses headers to literals
assert all(arguments[1] in ("r", "rb") for event, arguments in heard if event == "open"), heard
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code, str(home)], env=environment, check=True)
