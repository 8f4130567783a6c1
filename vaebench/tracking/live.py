"""Live tracking: passes each finished trial to the process that writes it to MLflow, while the search runs."""

import logging
import threading
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from vaebench.search.events import Event, SearchStarted, TrialFinished
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.writer_process import WriterProcess

log = logging.getLogger("vaebench")


class LiveTracking:
    """An observer that opens a study's runs if there are trials to come, and passes on each finished trial."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._writer: LiveWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is still waiting. Warn of a failed store only if the run ended early; else `sync` tries again."""
        if self._writer is not None and (warning := self._writer.close()) and error is not None:
            log.warning("%s", warning)

    def __call__(self, event: Event) -> None:
        """Handle an event."""
        match event:
            case SearchStarted(record, target) if len(record.trials) < target:
                self._writer = LiveWriter(self._home, record)
            case TrialFinished(trial) if self._writer is not None:
                self._writer.submit(trial)


class LiveWriter:
    """Passes submitted trials one by one to a process that writes them to MLflow.

    A store that is down does not slow the search: its trials stay missing in MLflow until the next `sync`.
    """

    def __init__(self, home: Path, record: StudyRecord) -> None:
        """Open the runs of the study in `record`; create them if there are none."""
        self._writer = WriterProcess(home, record)
        self._queue: SimpleQueue[TrialRecord | None] = SimpleQueue()
        self._closing = threading.Event()
        self._missing = 0
        self._error: str | None = None
        self._thread = threading.Thread(target=self._work, name="vaebench-mlflow", daemon=True)
        self._thread.start()

    def submit(self, trial: TrialRecord) -> None:
        """Pass on a finished trial. Returns at once and never raises."""
        self._queue.put(trial)

    def close(self) -> str | None:
        """Write what is still waiting, unless the store is down. Return a one-line warning if runs are missing."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join()
        if not self._missing:
            return None
        return f"{self._error}; trials missing there: {self._missing}, added at the next chance"

    def _work(self) -> None:
        with self._writer as writer:
            self._error = down = writer.open()
            while (trial := self._queue.get()) is not None:
                # After an error while closing, the rest waits for the next `sync`.
                if down and self._closing.is_set():
                    self._missing += 1
                elif down := writer.write(trial):
                    self._error = down
                    self._missing += 1
