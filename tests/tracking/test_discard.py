"""What `--fresh` forgets: everything but the study's place in MLflow, and that too where the definition is another."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import timed_study

from vaebench.errors import InputError
from vaebench.files import JOURNAL, study_folder
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.tracking.discard import discard
from vaebench.tracking.ids import Ids, read_ids, write_ids

IDS = Ids("uid", "1", "parent", {"0": "a"}, written="a digest and an address")


@pytest.fixture
def definition() -> StudyDefinition:
    return timed_study([]).definition


@pytest.fixture
def run_before(tmp_path: Path, definition: StudyDefinition) -> Path:
    """Return the home of a study that was run, written to MLflow, and has a file of the first version's."""
    RecordStore.create_or_open(tmp_path, definition)
    (study_folder(tmp_path, "gaussian") / "lock").touch()
    write_ids(tmp_path, "gaussian", IDS)
    (study_folder(tmp_path, "gaussian") / "tracked").touch()
    return tmp_path


def test_the_same_definition_keeps_its_run_and_nothing_of_its_trials(
    run_before: Path, definition: StudyDefinition
) -> None:
    discard(run_before, replace(definition, trials=77))  # more trials are no other definition
    assert read_ids(run_before, "gaussian") == replace(IDS, trials={}, written="")
    assert sorted(os.listdir(study_folder(run_before, "gaussian"))) == ["lock", "mlflow.json"]


def test_another_definition_begins_another_run(run_before: Path, definition: StudyDefinition) -> None:
    discard(run_before, replace(definition, rows=99))
    ids = read_ids(run_before, "gaussian")
    assert ids is not None
    assert ids.study != IDS.study
    assert ids == Ids(ids.study, owner=IDS.study), "the champion keeps its name"


def test_a_study_that_nobody_ran_has_nothing_to_forget(tmp_path: Path, definition: StudyDefinition) -> None:
    discard(tmp_path, definition)
    assert os.listdir(tmp_path) == []


def _empty(journal: Path) -> None:
    journal.write_bytes(b"")


def _middle_line_broken(journal: Path) -> None:
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first + b"{ broken\n" + b"".join(rest))


def _definition_of_another_time(journal: Path) -> None:
    text = journal.read_text()
    assert '"replicates":3' in text
    journal.write_text(text.replace('"replicates":3', '"replicas":3'))


@pytest.mark.parametrize("damage", [_empty, _middle_line_broken, _definition_of_another_time])
def test_a_record_that_cannot_be_read_can_be_started_over(
    run_before: Path, definition: StudyDefinition, damage: Callable[[Path], None]
) -> None:
    damage(study_folder(run_before, "gaussian") / JOURNAL)
    with pytest.raises(InputError, match="gaussian"):
        _ = RecordStore.open(run_before, "gaussian").definition
    discard(run_before, definition)
    assert sorted(os.listdir(study_folder(run_before, "gaussian"))) == ["lock", "mlflow.json"]
    RecordStore.create_or_open(run_before, definition)
    assert RecordStore.open(run_before, "gaussian").definition == definition
