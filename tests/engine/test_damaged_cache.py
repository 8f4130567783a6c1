"""A cache of compiled programs fails no trial, whatever its disk or somebody did to it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from vaebench import tf_import, tf_setup

CODE = """
from pathlib import Path
from vaebench.data_sets.distribution import Distribution
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.trial.evaluate import evaluate

data = Distribution.parse({"name": "norm"}, Path())
spec = Spec(encoder=(3,), decoder=(3,), epochs=3)
result = evaluate(spec, Replicate(data, 30, 0.33, 10, 10, 0, "search", 0))
print(result.reason, result.metrics["ks"], result.metrics["mean_error"])
"""


def evaluated(cache: Path) -> str:
    """Evaluate a spec in a process of its own, whose programs are kept in `cache`."""
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    return subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    ).stdout


def programs(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.pb"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a cache that holds the program, and what was evaluated with it."""
    cache = tmp_path_factory.mktemp("cache")
    found = evaluated(cache)
    assert len(programs(cache)) == 1
    return cache, found


def _truncate(program: Path) -> None:
    program.write_bytes(program.read_bytes()[:1000])


def _empty(program: Path) -> None:
    program.write_bytes(b"")


def _overwrite(program: Path) -> None:
    program.write_bytes(b"garbage" * 1000)


def _replace_by_a_folder(program: Path) -> None:
    program.unlink()
    (program / "inside").mkdir(parents=True)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [_truncate, _empty, _overwrite, _replace_by_a_folder])
def test_a_damaged_program_is_compiled_again(
    whole: tuple[Path, str], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(whole[0], cache)
    (program,) = programs(cache)
    damage(program)
    assert evaluated(cache) == whole[1]
    assert not program.exists(), "it is damaged, and would be read again"
    assert all(path.is_file() for path in programs(cache))


@pytest.mark.parametrize(("free", "kept"), [(50 * 2**20, False), (10 * 2**30, True)])
def test_no_program_is_kept_where_there_is_hardly_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, kept: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("TF_XLA_FLAGS", "XLA_FLAGS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(tf_import.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    tf_import.prepare()
    assert (str(tmp_path) in os.environ["TF_XLA_FLAGS"]) is kept


def test_programs_that_others_could_have_written_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in ("TF_XLA_FLAGS", "XLA_FLAGS"):
        monkeypatch.setenv(name, "")
    tf_import.programs_folder().chmod(0o777)
    tf_import.prepare()
    tf_setup.forget_programs()
    assert os.environ["TF_XLA_FLAGS"] == ""
