"""An MLflow store for each test, copied from a template since a fresh database takes seconds of migrations."""

from pathlib import Path

import pytest
from stored import home_with_a_store

from vaebench.tracking.store import open_client


@pytest.fixture(autouse=True)
def _no_tracking_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        open_client(home).search_experiments()
    return home / "mlflow.db"


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return home_with_a_store(tmp_path / "home", template)


@pytest.fixture
def other_home(template: Path, tmp_path: Path) -> Path:
    return home_with_a_store(tmp_path / "other", template)
