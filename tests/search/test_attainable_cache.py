"""What is attainable is simulated once for each data set, and kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_studies import in_process, none_at_all

from vaebench.errors import InputError
from vaebench.scoring import attainable
from vaebench.search import attainable_cache
from vaebench.search.attainable_cache import begin_attainable
from vaebench.search.events import unheard
from vaebench.search.tasks import Workers
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Attainable

Read = Callable[..., StudyDefinition]


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(attainable, "SCREENING", 3)
    monkeypatch.setattr(attainable_cache, "final_draws", lambda inputs: (3, 8))


def attain(definition: StudyDefinition, executors: object = in_process) -> Attainable:
    with Workers(executors) as workers:  # type: ignore[arg-type]
        return begin_attainable(definition, workers)(unheard)


def test_it_is_simulated_once_for_a_data_set_whatever_else_the_study_says(definition: StudyDefinition) -> None:
    found = attain(definition)
    other = replace(definition, name="other", seed=9, trials=7, replicates=1)
    assert attain(other, none_at_all) == found


@pytest.mark.parametrize("changes", [{"rows": 99}, {"test_fraction": 0.5}, {"generated": 60}, {"true": 60}])
def test_other_data_have_their_own(definition: StudyDefinition, changes: dict[str, float]) -> None:
    assert attain(replace(definition, **changes)) != attain(definition)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", ["", "[]", '{"metrics": {}}', "no json"])
def test_a_damaged_file_is_simulated_again(definition: StudyDefinition, tmp_path: Path, content: str) -> None:
    found = attain(definition)
    (file,) = (tmp_path / "cache").rglob("*.json")
    file.write_text(content)
    assert attain(definition) == found
    assert attain(definition, none_at_all) == found


def test_other_code_simulates_again(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attain(definition)
    monkeypatch.setattr(attainable_cache, "version", lambda name: "another")
    attain(definition)
    assert len(list((tmp_path / "cache").rglob("*.json"))) == 2


def test_pieces_of_any_size_give_the_same(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = attain(definition)
    monkeypatch.setattr(attainable_cache, "PIECE", 2)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert attain(definition) == found


def test_a_folder_that_cannot_be_written_loses_nothing_but_time(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert attain(definition).draws == 5


def test_rows_that_no_baseline_can_describe_are_an_error(
    definition: StudyDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attainable_cache, "suitable", lambda data_set: ())
    with pytest.raises(InputError, match="no baseline can be scored on these rows"):
        attain(definition)
