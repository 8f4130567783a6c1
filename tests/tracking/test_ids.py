"""The store of a home, and the run ids, known without importing mlflow."""

import subprocess
import sys
from pathlib import Path

import pytest

from vaebench.tracking.ids import Ids, read_ids, run_ids, write_ids
from vaebench.tracking.store import tracking_uri


def test_the_embedded_store_has_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(Path("runs")) == f"sqlite:///{tmp_path}/runs/mlflow.db"


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example:5000")
    assert tracking_uri(tmp_path) == "http://tracking.example:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking_uri(tmp_path).startswith("sqlite:////")


def test_ids_survive_a_round_trip(tmp_path: Path) -> None:
    ids = Ids("uid", "1", "parent", {"0": "a", "12": "b"})
    write_ids(tmp_path, "gaussian", ids)
    assert read_ids(tmp_path, "gaussian") == ids
    assert run_ids(tmp_path, "gaussian") == {0: "a", 12: "b"}
    assert [file.name for file in (tmp_path / "studies" / "gaussian").iterdir()] == ["mlflow.json"]


IDS = '{"study": "a", "trials": %s}'


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", '{"unknown": 1}', IDS % "[]", IDS % '{"<b>": "r"}', IDS % '{"1": 2}']
)
def test_a_study_never_written_or_a_damaged_file_has_no_ids(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        file = tmp_path / "studies" / "gaussian" / "mlflow.json"
        file.parent.mkdir(parents=True)
        file.write_text(content)
    assert run_ids(tmp_path, "gaussian") == {}


def test_mlflow_is_not_imported_for_ids_and_addresses() -> None:
    code = "import sys, vaebench.tracking.ids, vaebench.tracking.ui; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
