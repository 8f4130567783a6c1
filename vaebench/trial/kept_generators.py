"""The generator of a trial, kept in its study's folder as data, so that new rows need neither a fit nor TensorFlow.

Of a file, it is fitted to all rows. It holds weights and statistics; of the rows themselves, what `Spec.keeps` says.
"""

import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from vaebench.data_sets import split_sizes
from vaebench.files import study_folder
from vaebench.generator import Generator
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import TrialRecord
from vaebench.study.spec import Spec

LEARNED = "the few values of a column, or the ends of whole numbers that are all there (learn_support)"
"""What a generator keeps of the rows of some data."""


def about(trial: TrialRecord, definition: StudyDefinition) -> dict[str, Any]:
    """Return what a trial's generator is: whose, how long it trained, on what. Equal values mean the same generator."""
    spec, rows = Spec.from_flat(trial.params), definition.data_set.available_rows
    if spec.early_stopping == "off":
        epochs = spec.epochs
    else:  # there are no rows left to stop early by
        fits = [result.epochs for result in (*trial.results, *trial.confirmation) if not result.reason]
        epochs = int(np.median(fits))
    return {
        "study": definition.name,
        "trial": trial.number,
        "started": trial.started,
        "variant": spec.variant.name,
        "latent_sampler": spec.latent_sampler.name,
        "rows": rows or split_sizes(definition.rows, definition.test_fraction)[0],
        "epochs": epochs,
        "keeps": [*spec.keeps, *([LEARNED] if definition.support.learned else [])],
    }


def folder_of(home: Path, study: str, trial: int) -> Path:
    """Return the folder of a trial's generator. It need not exist."""
    return study_folder(home, study) / "generators" / str(trial)


def read(home: Path, trial: TrialRecord, definition: StudyDefinition) -> Generator | None:
    """Return the kept generator of a trial; None if there is none, if it is damaged, or if it was made otherwise."""
    try:
        kept = Generator.load(folder_of(home, definition.name, trial.number))
        return kept if kept.about == about(trial, definition) else None
    except Exception:  # a damaged file raises anything; a generator can be made again
        return None


def write(home: Path, study: str, trial: int, content: Mapping[str, bytes]) -> None:
    """Keep the generator whose files are `content`, all of them or none; none if the folder cannot be written."""
    folder = folder_of(home, study, trial)
    part = folder.with_name(f".{trial}.{uuid.uuid4().hex}.part")
    with suppress(OSError):  # it is made again when rows are asked for
        try:
            part.mkdir(parents=True)
            for name, of_file in content.items():
                (part / name).write_bytes(of_file)
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
