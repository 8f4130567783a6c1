"""Live tracking: passes each finished trial to the process that writes it to MLflow, while the search runs."""

import logging
import threading
import time
from collections import deque
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from vaebench.search.events import Event, TrialFinished, TrialsToCome
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.repair import repair
from vaebench.tracking.store import complaint, elsewhere
from vaebench.tracking.writer_process import WriterProcess

log = logging.getLogger("vaebench")
RETRY = 15.0
"""Seconds after which a store that was down is tried again."""
PATIENCE = 8.0
"""Seconds that the end of a run waits for a server that writes nothing. An embedded store is always waited for."""
HURRY = 4.0
"""Seconds that an interrupted run waits for its last trials to be written."""


class LiveTracking:
    """An observer that opens a study's runs if there are trials to come, and passes on each finished trial."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._writer: LiveWriter | None = None

    @property
    def said(self) -> str | None:
        """The warning that was given of the store, if any."""
        return self._writer.said if self._writer is not None else None

    def written(self) -> WriterProcess | None:
        """Write what is still waiting. Return the process that did, with MLflow loaded; None if there is none."""
        return self._writer.finish() if self._writer is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is still waiting, unless the store is down."""
        if self._writer is not None:
            self._writer.close(interrupted=isinstance(error, KeyboardInterrupt))

    def __call__(self, event: Event) -> None:
        """Handle an event."""
        match event:
            case TrialsToCome(record):
                repair(self._home, thorough=True)
                self._writer = LiveWriter(self._home, record)
            case TrialFinished(trial) if self._writer is not None:
                self._writer.submit(trial)


class LiveWriter:
    """Passes submitted trials one by one to a process that writes them to MLflow.

    A store that is down does not slow the search. That is said once; its trials are written when it is back, or by the
    next `sync`.
    """

    def __init__(self, home: Path, record: StudyRecord) -> None:
        """Open the runs of the study in `record`; create them if there are none."""
        self._home, self._record = home, record
        self._process = WriterProcess()
        self._queue: SimpleQueue[TrialRecord | None] = SimpleQueue()
        self._waiting: deque[TrialRecord] = deque()
        self.said: str | None = None
        self._answered = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="vaebench-mlflow", daemon=True)
        self._thread.start()

    def submit(self, trial: TrialRecord) -> None:
        """Pass on a finished trial. Returns at once and never raises."""
        self._queue.put(trial)

    def finish(self) -> WriterProcess | None:
        """Write what is still waiting. Return the process that did; end it, and return None, if anything went wrong."""
        self._wait()
        if self.said is None:
            return self._process
        self.close()
        return None

    def close(self, *, interrupted: bool = False) -> int:
        """Write what is still waiting, unless the store is down, and end the process.

        Return how many trials are missing there. If `interrupted`, whoever waits is in a hurry, and the next run writes
        what is missing.
        """
        self._wait(interrupted=interrupted)
        with self._process:
            return len(self._waiting)

    def _wait(self, *, interrupted: bool = False) -> None:
        """Wait for the thread."""
        self._queue.put(None)
        closing = time.monotonic()
        while self._thread.is_alive():
            self._thread.join(0.1)
            if interrupted and time.monotonic() - closing > HURRY:
                self.said = self.said or "interrupted"  # so nothing is said of the process that ends
                self._process.kill()
            if elsewhere() and time.monotonic() - max(closing, self._answered) > PATIENCE:
                self._say(complaint(self._home, self._record.name, TimeoutError(f"no answer for {PATIENCE:.0f} s")))
                self._process.kill()

    def _work(self) -> None:
        down, closing = self._failed(self._process.open(self._home, self._record)), False
        while not closing:
            try:
                left = self._answered + RETRY - time.monotonic()
                trial = self._queue.get(timeout=max(0.0, left) if down and self._waiting else None)
                closing = trial is None
                if trial is not None:
                    self._waiting.append(trial)
            except Empty:
                down = False
            while self._waiting and not down:
                down = self._failed(self._process.write(self._waiting[0]))
                if not down:
                    self._waiting.popleft()

    def _failed(self, problem: str | None) -> bool:
        """Note an answer of the process: a problem or None. Return whether it is one."""
        self._answered = time.monotonic()
        if problem is not None:
            self._say(problem)
        return problem is not None

    def _say(self, problem: str) -> None:
        if self.said is None:
            self.said = problem
            log.warning("%s", problem)
