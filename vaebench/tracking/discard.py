"""Delete the record of a study, so that it starts over."""

import shutil
import uuid
from dataclasses import replace
from pathlib import Path

from vaebench.errors import InputError
from vaebench.files import study_folder
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import difference
from vaebench.tracking.ids import Ids, read_ids, write_ids


def discard(home: Path, definition: StudyDefinition) -> None:
    """Delete the record of a study, but not its lock, which the caller holds.

    Its parent run in MLflow is kept if the definition is the same. Otherwise the study gets a new one, since MLflow
    never changes a parameter.
    """
    name = definition.name
    if not study_folder(home, name).exists():
        return
    ids = read_ids(home, name)
    same = _is_defined_so(home, definition)
    for path in study_folder(home, name).iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    if ids is not None:
        kept = ids if same else Ids(study=uuid.uuid4().hex, owner=ids.owner or ids.study)
        write_ids(home, name, replace(kept, trials={}, written=""))


def _is_defined_so(home: Path, definition: StudyDefinition) -> bool:
    """Return whether the record has just this definition; a record that cannot be read has not."""
    try:
        return not difference(RecordStore.open(home, definition.name).definition, definition)
    except InputError:
        return False
