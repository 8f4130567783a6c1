"""The network of docs/extending.md, followed: a user's own Keras models through run, MLflow, generate and report."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from vaebench import parts
from vaebench.networks import Network
from vaebench.networks._file import PACKAGE
from vaebench.search.store import RecordStore

pytestmark = pytest.mark.slow
TEXT = (Path(__file__).parents[2] / "docs" / "extending.md").read_text().partition("\n## A network\n")[2]
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
CHECK, RUN, GENERATE, REPORT = re.search(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL).group(1).splitlines()


@pytest.fixture(autouse=True)
def forgotten():
    """Let other tests of this process not know of the network, which reading the study's record makes known."""
    yield
    parts._named.get(Network, {}).pop("residual", None)
    sys.modules.pop(f"{PACKAGE}.residual", None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def call(command, folder, *more):
    """Run a command of the page in `folder`; return status and what it printed."""
    words = [sys.executable, "-m", *shlex.split(command), *more]
    set_here = ("TF_", "XLA_", "CUDA_")  # by importing TensorFlow in this process
    environment = {name: value for name, value in os.environ.items() if not name.startswith(set_here)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def run(folder):
    """Run the page's study, smaller; return what was printed."""
    small = FILES["own.toml"].replace("epochs = 60", "epochs = 20").replace("[16, 32]", "[16]")
    small += "\n[confirm]\ntop = 2\nreplicates = 2\n"
    (folder / "own.toml").write_text(small)
    status, printed = call(RUN, folder, "--workers", "1")
    assert status == 0, printed
    return printed


@pytest.fixture
def best(run, folder):
    """Return the number of a trial of the own network."""
    record = RecordStore.open(folder / "runs", "own").record()
    return next(trial for trial in record.trials if trial.params["network"] == "residual")


def test_check_says_what_is_searched_and_compiles_it(folder):
    status, printed = call(CHECK, folder)
    assert status == 0, printed
    assert "network                 one of mlp, residual" in printed
    assert "port.cc" not in printed


def test_it_is_run_beside_mlp_and_its_parameters_are_those_of_the_function(best, folder):
    assert best.params["network.residual.blocks"] == 2
    assert best.params["network.residual.width"] == 16
    assert not {"encoder", "dropout"} & set(best.params)
    assert best.reason is None
    definition = json.loads(json.dumps(RecordStore.open(folder / "runs", "own")._attributes["definition"]))
    assert definition["networks"]["residual"]["parameters"] == {"width": 32, "blocks": 2}
    assert "LayerNormalization" not in (folder / "runs" / "studies" / "own" / "journal.log").read_text()


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_mlflow_holds_its_runs_and_a_model_that_generates(best, folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'runs' / 'mlflow.db'}")
    experiment = mlflow.get_experiment_by_name("own")
    runs = mlflow.search_runs([experiment.experiment_id])
    assert "residual" in set(runs["params.network"])
    rows = mlflow.pyfunc.load_model("models:/own@champion").predict(pd.DataFrame({"n": [100]}))
    assert rows.shape == (100, 1)


def test_new_rows_are_generated_and_reported(best, folder):
    status, printed = call(GENERATE, folder, "--trial", str(best.number), "-n", "300", "--network", "residual.py")
    assert status == 0, printed
    first = pd.read_csv(folder / "new.csv")
    assert len(first) == 300
    status, printed = call(GENERATE, folder, "--trial", str(best.number), "-n", "300")  # it is kept by now
    assert status == 0, printed
    pd.testing.assert_frame_equal(pd.read_csv(folder / "new.csv"), first)
    status, printed = call(REPORT, folder)
    assert status == 0, printed
    assert "residual" in (folder / "own.html").read_text()


def test_without_its_file_a_study_is_shown_and_says_what_it_needs_to_train(run, folder):
    status, printed = call("vaebench leaderboard own", folder)
    assert status == 0, printed
    status, printed = call("vaebench confirm own --replicates 3", folder, "--workers", "0")
    assert status == 2
    assert "name it with --network residual.py" in printed
    assert "Traceback" not in printed


def test_a_changed_file_is_refused(run, folder):
    changed = folder / "changed" / "residual.py"
    changed.parent.mkdir(exist_ok=True)
    changed.write_text(FILES["residual.py"].replace("gelu", "elu"))
    journal = folder / "runs" / "studies" / "own" / "journal.log"
    before = journal.read_bytes()
    status, printed = call(f"vaebench run own.toml --network {changed}", folder)
    assert status == 2
    assert "is not the file that the study was begun with" in printed
    assert journal.read_bytes() == before
