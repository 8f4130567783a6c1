"""Discarding what was run of a study, so that it starts over."""

from dataclasses import replace
from pathlib import Path

from vaebench.files import study_folder, study_names
from vaebench.search.lock import lock
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import difference
from vaebench.tracking.ids import read_ids, write_ids


def discard(home: Path, definition: StudyDefinition) -> None:
    """Forget what was run of a study.

    Its parent run in MLflow stays the same, unless the definition is another: MLflow never changes a parameter.
    """
    name = definition.name
    if not study_folder(home, name).exists():
        return
    with lock(home, name):
        ids = read_ids(home, name)
        known = name in study_names(home)
        same = known and not difference(RecordStore.open(home, name).definition, definition)
        for path in study_folder(home, name).iterdir():
            if path.name != "lock":
                path.unlink()
        if same and ids is not None:
            write_ids(home, name, replace(ids, trials={}, written=""))
