"""Delete the record of a study, so that it starts over."""

import shutil
import uuid
from dataclasses import replace
from pathlib import Path

from vaebench.errors import InputError
from vaebench.files import study_folder
from vaebench.search.storage import storage_at
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
    ids = read_ids(home, name)
    if ids is not None and not _is_defined_so(home, definition):
        ids = Ids(study=uuid.uuid4().hex, owner=ids.owner or ids.study)
    shared = None if ids is None else {"study": ids.study, "owner": ids.owner or ids.study}
    storage_at(home).discard(name, shared)
    for path in study_folder(home, name).glob("*"):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    if ids is not None:
        write_ids(home, name, replace(ids, trials={}, written=""))


def _is_defined_so(home: Path, definition: StudyDefinition) -> bool:
    """Return whether the record has just this definition; a record that cannot be read has not."""
    try:
        return not difference(RecordStore.open(home, definition.name).definition, definition)
    except InputError:
        return False
