"""Projects finished trials in the background while the search goes on."""

import threading
from pathlib import Path
from queue import SimpleQueue

from vaebench.records import StudyRecord, TrialRecord
from vaebench.tracking.runs import trial_run
from vaebench.tracking.store import complaint, import_mlflow
from vaebench.tracking.study_runs import StudyRuns


class Projector:
    """Writes each submitted trial into MLflow from one thread of its own.

    A store that is down costs the search nothing: the trial stays unprojected until the next `project`. Construct it
    while the workers start, since importing MLflow takes seconds.
    """

    def __init__(self, home: Path, record: StudyRecord) -> None:
        """Begin, or go on with, the runs of the study that `record` describes."""
        import_mlflow()  # here, not in the thread: two threads that import at once can lock each other out
        self._home = home
        self._record = record
        self._queue: SimpleQueue[TrialRecord | None] = SimpleQueue()
        self._closing = threading.Event()
        self._missing = 0
        self._error: Exception | None = None
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
        if self._error is None:
            return None
        return f"{complaint(self._home, self._error)}; trials missing there: {self._missing}, added at the next chance"

    def _work(self) -> None:
        runs = self._open()
        while (trial := self._queue.get()) is not None:
            if runs is None and not self._closing.is_set():
                runs = self._open()
            # Once a closing projector has met an error, whatever is left waits for the next projection.
            if runs is None or (self._error and self._closing.is_set()):
                self._missing += 1
                continue
            try:
                runs.write(trial_run(self._record, trial))
                runs.note_best(trial)
            except Exception as error:  # nothing that happens here may reach the search
                self._error = error
                self._missing += 1

    def _open(self) -> StudyRuns | None:
        try:
            runs = StudyRuns.open(self._home, self._record)
            runs.client.update_run(runs.parent_run_id, status="RUNNING")
        except Exception as error:
            self._error = error
            return None
        return runs
