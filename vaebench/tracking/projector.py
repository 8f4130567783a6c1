"""Projects finished trials in the background while the search goes on."""

import threading
from pathlib import Path
from queue import SimpleQueue

from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.writer_process import TrialWriter


class Projector:
    """Hands each submitted trial to a process that writes it into MLflow, one after another.

    A store that is down costs the search nothing: the trial stays unprojected until the next `project`.
    """

    def __init__(self, home: Path, record: StudyRecord) -> None:
        """Begin, or go on with, the runs of the study that `record` describes."""
        self._writer = TrialWriter(home, record)
        self._queue: SimpleQueue[TrialRecord | None] = SimpleQueue()
        self._closing = threading.Event()
        self._missing = 0
        self._error: str | None = None
        self._thread = threading.Thread(target=self._work, name="vaebench-mlflow", daemon=True)
        self._thread.start()

    def submit(self, trial: TrialRecord) -> None:
        """Hand over a finished trial. Returns at once and never raises."""
        self._queue.put(trial)

    def close(self) -> str | None:
        """Write what is still waiting, unless the store is down. Returns one line of warning where runs are missing."""
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
                # Once a closing projector has met an error, whatever is left waits for the next projection.
                if down and self._closing.is_set():
                    self._missing += 1
                elif down := writer.write(trial):
                    self._error = down
                    self._missing += 1
