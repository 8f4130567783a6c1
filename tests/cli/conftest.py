"""A folder of its own for each test, with a study file in it, and no settings of the user's."""

from pathlib import Path

import pytest
from command_line import STUDY

from vaebench.search.asking import Asker
from vaebench.search.lock import lock
from vaebench.search.store import RecordStore
from vaebench.study.file import load
from vaebench.study.records import Attainable, BaselineRecord, Result, TrialRecord
from vaebench.study.spec import Spec


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VAEBENCH_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with small.toml in it."""
    (tmp_path / "small.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def recorded(folder: Path) -> Path:
    """Return the home of a study whose record was made by hand: trial 0 did not fail, trial 1 did."""
    home = folder / "runs"
    definition = load(folder / "small.toml")
    with lock(home, "small"):
        pass
    store = RecordStore.create_or_open(home, definition)
    errors = {"ks": 0.1, "mean_error": 1.0, "std_error": 1.0}
    store.set_attainable(Attainable(errors, errors, "gaussian", 2000))
    good = Result(metrics={"ks": 0.1, "mean_error": 1.0, "std_error": 1.0})
    asker = Asker(definition, definition.arms[0], [])
    for number, result in enumerate([good, Result(reason="the training loss became nan in epoch 2")]):
        values, asked = asker.ask()
        trial = TrialRecord(number, Spec.from_flat(values).flat(), (result, result), 1.0, 2.0)
        store.add(asked, trial, None if result.reason else (1.0,))
    store.set_baseline(BaselineRecord("truth", "floor", (good, good)))
    return home
