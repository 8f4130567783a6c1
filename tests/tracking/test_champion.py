"""The winner as an MLflow model: registered once, loadable anywhere, generating rows."""

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hand_made import timed_study as study
from hand_made import timed_trial as trial

import vaebench
from vaebench.data_sets.distribution import Distribution
from vaebench.results.standings import standings
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.tracking.ids import read_ids
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date

if TYPE_CHECKING:
    from vaebench.tracking.artifacts import Artifacts
    from vaebench.trial.generator import Generator

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def shown() -> "Artifacts":
    from vaebench.tracking.artifacts import make_artifacts

    data = Distribution("norm", (("loc", 100.0), ("scale", 10.0)))
    spec = Spec(epochs=2, encoder=(8,), decoder=(8,), latent_dim=2)
    return make_artifacts(spec, Replicate(data, 100, 0.33, 500, 500, 0, "search", 0), "trial 0")


def unpacked(shown: "Artifacts", folder: Path) -> "Generator":
    from vaebench.trial.generator import Generator

    for name, content in shown.model.items():
        (folder / name).write_bytes(content)
    return Generator.load(folder)


def test_the_champion_generates(
    home: Path, shown: "Artifacts", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    record = study([trial(0), trial(1)])
    written = bring_up_to_date(home, standings(record), {0: shown})
    assert written.warning is None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
    model = mlflow.pyfunc.load_model("models:/gaussian@champion")
    drawn = model.predict(pd.DataFrame({"n": [7], "seed": [3]}))
    assert list(drawn.columns) == ["x"]
    np.testing.assert_allclose(drawn.to_numpy(), unpacked(shown, tmp_path).generate(7, seed=3), rtol=1e-5)
    assert model.predict(pd.DataFrame({"n": [15_000]})).shape == (15_000, 1)
    client = open_client(home)
    files = {item.path for item in client.list_artifacts(written.run_ids[0])}
    assert files == {"generated_against_true.png", "loss_curves.png", "samples.csv", "model"}
    keras = {item.path for item in client.list_artifacts(written.run_ids[0], "model/data/generator")}
    assert {"model/data/generator/encoder.keras", "model/data/generator/decoder.keras"} <= keras
    assert client.list_artifacts(written.run_ids[1]) == []


def test_the_same_winner_is_registered_once_and_a_new_one_takes_the_alias(home: Path, shown: "Artifacts") -> None:
    first = bring_up_to_date(home, standings(study([trial(3)])), {3: shown})
    assert bring_up_to_date(home, standings(study([trial(3)])), {3: shown}) == first
    client = open_client(home)
    assert [version.version for version in client.search_model_versions("name = 'gaussian'")] == [1]
    bring_up_to_date(
        home, standings(study([trial(3, confirmed=2)])), {3: shown}
    )  # a confirmation does not make it another model
    assert [version.version for version in client.search_model_versions("name = 'gaussian'")] == [1]
    better = bring_up_to_date(home, standings(study([trial(3), trial(0)])), {3: shown, 0: shown})
    champion = client.get_model_version_by_alias("gaussian", "champion")
    assert (champion.version, champion.run_id) == (2, better.run_ids[0])
    assert len(client.search_model_versions("name = 'gaussian'")) == 2


def test_two_homes_with_a_study_of_one_name_have_a_champion_each(
    home: Path, shown: "Artifacts", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
    client = open_client(home)
    for _ in range(2):  # the second time nobody takes what is another's
        mine = bring_up_to_date(tmp_path / "mine", standings(study([trial(0)])), {0: shown})
        yours = bring_up_to_date(tmp_path / "yours", standings(study([trial(3)])), {3: shown})
        assert (mine.warning, yours.warning) == (None, None)
        ids = read_ids(tmp_path / "yours", "gaussian")
        assert ids is not None
        own = f"gaussian-{ids.owner[:8]}"
        assert client.get_model_version_by_alias("gaussian", "champion").run_id == mine.run_ids[0]
        assert client.get_model_version_by_alias(own, "champion").run_id == yours.run_ids[3]
    for name, written in (("gaussian", mine), (own, yours)):
        assert f"models:/{name}@champion" in client.get_run(written.parent_run_id).data.tags["mlflow.note.content"]
    assert {model.name for model in client.search_registered_models()} == {"gaussian", own}


@pytest.mark.slow
def test_the_champion_loads_where_vaebench_is_not_installed(home: Path, shown: "Artifacts", tmp_path: Path) -> None:
    bring_up_to_date(home, standings(study([trial(0)])), {0: shown})
    code = """
import importlib.util, json, sys
sys.path[:] = [path for path in sys.path if path != sys.argv[1] and "editable" not in path]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
assert importlib.util.find_spec("vaebench") is None
import mlflow, pandas
rows = mlflow.pyfunc.load_model("models:/gaussian@champion").predict(pandas.DataFrame({"n": [3], "seed": [5]}))
import vaebench
print(json.dumps([vaebench.__file__, rows["x"].tolist()]))
"""
    package = str(Path(vaebench.__path__[0]).parent)
    uri = f"sqlite:///{home / 'mlflow.db'}"
    environment = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(Path.home())}
    done = subprocess.run(
        [sys.executable, "-c", code, package],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, rows = json.loads(done.stdout.splitlines()[-1])
    assert file.startswith(str(home / "artifacts"))
    np.testing.assert_allclose(rows, unpacked(shown, tmp_path).generate(3, seed=5)[:, 0], rtol=1e-5)
