"""The same from Python: what the functions refuse. tests/docs runs the README's example."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import vaebench

STUDY = """
[study]
name = "gaussian"
trials = 100
replicates = 1

[data]
distribution = { name = "norm", loc = 100, scale = 10 }

[evaluation]
generated = 500
true = 500

[fixed]
epochs = 10
batch_size = 16
encoder = [8]
decoder = [8]
variant = "ae"

[search]
latent_dim = { int = [1, 4] }

[confirm]
top = 1
replicates = 2
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with the study in it and no settings of the user's."""
    for name in ("VAEBENCH_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gaussian.toml").write_text(STUDY)
    return tmp_path


def run_script(text: str) -> "subprocess.CompletedProcess[str]":
    Path("script.py").write_text(text)
    return subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, timeout=300, check=False)


def test_a_script_without_its_guard_is_told_so(folder: Path) -> None:
    ended = run_script('import vaebench\n\nvaebench.run("gaussian.toml", workers=1)\n')
    assert ended.returncode == 1
    assert 'if __name__ == "__main__":' in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"trials": 0}, "trials = 0: more than 0 is needed"),
        ({"time_limit": -1.0}, "time_limit = -1.0: more than 0"),
        ({"workers": -1}, "workers = -1"),
        ({"workers": 2, "cluster": "tcp://127.0.0.1:1"}, "exclude each other"),
        ({"home": "gaussian.toml"}, "is no folder"),
    ],
)
def test_wrong_input_raises_an_input_error_and_writes_nothing(
    folder: Path, keywords: dict[str, object], message: str
) -> None:
    with pytest.raises(vaebench.InputError, match=message):
        vaebench.run("gaussian.toml", **keywords)  # type: ignore[arg-type]
    assert os.listdir() == ["gaussian.toml"]


def test_functions_on_a_study_that_nobody_ran(folder: Path) -> None:
    for call in (
        lambda: vaebench.leaderboard("gaussian"),
        lambda: vaebench.generate("gaussian"),
        lambda: vaebench.confirm("gaussian"),
    ):
        with pytest.raises(vaebench.InputError, match=r"unknown study 'gaussian' \(known: none\)"):
            call()
    with pytest.raises(vaebench.InputError, match="n = 0: more than 0"):
        vaebench.generate("gaussian", 0)
    with pytest.raises(vaebench.InputError, match="seed = -1: 0 or more"):
        vaebench.generate("gaussian", seed=-1)
    assert os.listdir() == ["gaussian.toml"]


def test_the_package_offers_what_it_says() -> None:
    assert all(callable(getattr(vaebench, name)) for name in vaebench.__all__)
    modules = {path.stem for path in Path(vaebench.__file__).parent.iterdir()}
    assert not modules & set(vaebench.__all__), "an imported module would hide the function"
    with pytest.raises(AttributeError, match="no attribute 'ran'"):
        vaebench.ran  # type: ignore[attr-defined]  # noqa: B018
