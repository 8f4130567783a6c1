from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cheap_evaluations
import pytest
from small_studies import STUDY

from vaebench.study.definition import StudyDefinition
from vaebench.study.file import load


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., StudyDefinition]:
    """Return what reads a study file from its text, with fields of the definition replaced."""

    def read(text: str = STUDY, **changes: Any) -> StudyDefinition:
        path = tmp_path / "study.toml"
        path.write_text(text)
        return replace(load(path), **changes)

    return read


@pytest.fixture
def definition(read: Callable[..., StudyDefinition]) -> StudyDefinition:
    return read()


@pytest.fixture(autouse=True)
def _known_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaebench.search.run.begin_attainable", cheap_evaluations.scale)
