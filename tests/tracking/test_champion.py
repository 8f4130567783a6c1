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
from small_specs import small_definition, small_spec, small_trial

from vaebench.generator import Generator
from vaebench.results.standings import standings
from vaebench.tracking.ids import read_ids
from vaebench.tracking.store import open_client
from vaebench.tracking.sync import bring_up_to_date

if TYPE_CHECKING:
    from vaebench.tracking.artifacts import Artifacts

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def shown() -> "Artifacts":
    from vaebench.tracking.artifacts import make_artifacts

    return make_artifacts(
        small_trial(small_spec("vae", latent_dim=2, latent_sampler="gmm")), small_definition(size=500)
    )


def unpacked(shown: "Artifacts", folder: Path) -> Generator:
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
    np.testing.assert_array_equal(drawn.to_numpy(), unpacked(shown, tmp_path).generate(7, seed=3))
    assert model.predict(pd.DataFrame({"n": [15_000]})).shape == (15_000, 1)
    client = open_client(home)
    files = {item.path for item in client.list_artifacts(written.run_ids[0])}
    assert files == {"generated_against_true.png", "loss_curves.png", "reconstructions.png", "samples.csv"}
    assert client.list_artifacts(written.run_ids[1]) == []


def test_the_model_belongs_to_its_run_and_to_the_registry(home: Path, shown: "Artifacts") -> None:
    written = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {0: shown})
    client = open_client(home)
    run = client.get_run(written.run_ids[0])
    (logged,) = client.search_logged_models([written.experiment_id])
    assert (logged.source_run_id, logged.status) == (written.run_ids[0], "READY")
    assert [output.model_id for output in run.outputs.model_outputs] == [logged.model_id]
    version = client.get_model_version_by_alias("gaussian", "champion")
    card = shown.model["README.md"].decode()
    assert (logged.name, logged.tags["mlflow.note.content"], version.description) == ("trial-0", card, card)
    assert (version.run_id, version.source) == (written.run_ids[0], f"models:/{logged.model_id}")


def test_a_model_that_a_kill_left_half_is_logged_anew(home: Path, shown: "Artifacts") -> None:
    written = bring_up_to_date(home, standings(study([trial(0), trial(1)])), {0: shown})
    client = open_client(home)
    (whole,) = client.search_logged_models([written.experiment_id])
    client.delete_tag(written.run_ids[0], "vaebench.shown")  # it is the last thing to be written
    bring_up_to_date(home, standings(study([trial(0), trial(1)])), {0: shown})
    (anew,) = client.search_logged_models([written.experiment_id])
    assert anew.model_id != whole.model_id
    assert client.get_model_version_by_alias("gaussian", "champion").source == f"models:/{anew.model_id}"


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
def test_it_generates_without_vaebench_tensorflow_keras_or_pickle(
    home: Path, shown: "Artifacts", tmp_path: Path
) -> None:
    bring_up_to_date(home, standings(study([trial(0)])), {0: shown})
    code = """
import json, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("vaebench", "tensorflow", "keras", "sklearn", "scipy", "optuna"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import mlflow, pandas
model = mlflow.pyfunc.load_model("models:/gaussian@champion")
print(json.dumps(model.predict(pandas.DataFrame({"n": [3], "seed": [5]}))["x"].tolist()))
"""
    environment = {
        "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "HOME": str(Path.home()),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_array_equal(rows, unpacked(shown, tmp_path).generate(3, seed=5)["x"])
    folder = next(home.glob("artifacts/gaussian/models/*/artifacts"))
    assert [path.name for path in folder.rglob("*.py")] == ["vaebench_generator.py"]
    assert not list(folder.rglob("*.pickle")) + list(folder.rglob("*.pkl"))
    listed = (folder / "requirements.txt").read_text().split()
    assert {line.partition("==")[0] for line in listed} == {"mlflow", "numpy", "pandas"}
