"""A run of a study with MLflow kept up to date: trials while it goes on, the rest when it ends."""

import hashlib
import logging
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter

from vaebench.search.home import folder
from vaebench.search.observer import Observer
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.where import tracking_uri

if TYPE_CHECKING:
    from vaebench.tracking.projector import Projector

log = logging.getLogger("vaebench")


class Tracked:
    """An observer that hands every finished trial on to MLflow, and everything to another observer."""

    def __init__(self, home: Path, observer: Observer) -> None:
        self.home, self.observer = home, observer
        self._projector: Projector | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is still waiting. Only where the run ended early is a store that is down worth a warning yet."""
        if self._projector is not None and (warning := self._projector.close()) and error is not None:
            log.warning("%s", warning)

    def started(self, record: StudyRecord, target: int) -> None:
        """Begin the study's runs, where there is a trial to come."""
        self.observer.started(record, target)
        if len(record.trials) < target:
            from vaebench.tracking.projector import Projector

            self._projector = Projector(self.home, record)

    def trial_finished(self, trial: TrialRecord) -> None:
        """Hand the trial on."""
        self.observer.trial_finished(trial)
        if self._projector is not None:
            self._projector.submit(trial)

    def confirming(self, count: int) -> None:
        """Pass it on."""
        self.observer.confirming(count)

    def confirmed(self, trial: TrialRecord) -> None:
        """Pass it on."""
        self.observer.confirmed(trial)

    def nothing_to_do(self, record: StudyRecord) -> None:
        """Pass it on."""
        self.observer.nothing_to_do(record)


def is_tracked(home: Path, record: StudyRecord) -> bool:
    """Say whether the tracking store has been brought up to date with just this record."""
    mark = _mark(home, record)
    return mark.exists() and mark.read_text() == _digest(home, record)


def note_tracked(home: Path, record: StudyRecord) -> None:
    """Remember that the tracking store is up to date with this record."""
    _mark(home, record).write_text(_digest(home, record))


def _mark(home: Path, record: StudyRecord) -> Path:
    return folder(home, record.name) / "tracked"


def _digest(home: Path, record: StudyRecord) -> str:
    content = TypeAdapter(StudyRecord).dump_json(record) + tracking_uri(home).encode()
    return hashlib.sha256(content).hexdigest()
