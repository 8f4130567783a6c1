"""A separate process that writes finished trials to MLflow.

MLflow takes 20-30 ms of Python per run. In a thread of the coordinator no trial could be asked during that time.
Loading a pickle may run code; these go over pipes that no other process has, and nothing of them is stored.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from vaebench.study.records import StudyRecord, TrialRecord

COMMAND = "import sys; sys.path[:] = {path!r}; from vaebench.tracking.writer_process import serve; serve({replies})"


class WriterProcess:
    """The coordinator's side of the process: it sends one trial and receives the error, or None."""

    def __init__(self, home: Path, record: StudyRecord) -> None:
        """Start the process for the study in `record`."""
        reading, writing = os.pipe()  # replies have their own pipe, since any library may print
        self._process = subprocess.Popen(
            # not multiprocessing: it would import the user's script again
            [sys.executable, "-P", "-c", COMMAND.format(path=sys.path, replies=writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
            process_group=0,  # Ctrl-C in a terminal should reach only the coordinator
        )
        os.close(writing)
        self._replies = os.fdopen(reading, "rb")
        self._first = (home, record)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the input of the process, so that it ends, and wait for it."""
        self._process.communicate()
        self._replies.close()

    def open(self) -> str | None:
        """Find or create the study's runs. Return why that failed; None if it did not."""
        return self._exchange(self._first)

    def write(self, trial: TrialRecord) -> str | None:
        """Write a trial. Return why that failed; None if it did not."""
        return self._exchange(trial)

    def kill(self) -> None:
        """End the process at once: what it is about will fail."""
        self._process.kill()

    def _exchange(self, message: object) -> str | None:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
            reply: str | None = pickle.load(self._replies)
        except (OSError, EOFError):
            return f"the process that writes into MLflow ended with status {self._process.wait()}"
        return reply


def serve(descriptor: int) -> None:
    """Run in the process: read trials from standard input, write them, reply to each on the file `descriptor`."""
    source = sys.stdin.buffer
    with os.fdopen(descriptor, "wb") as replies:
        home, record = pickle.load(source)
        _serve(home, record, source, replies)


def _serve(home: Path, record: StudyRecord, source: BinaryIO, replies: BinaryIO) -> None:
    from vaebench.tracking.runs import trial_run
    from vaebench.tracking.store import complaint
    from vaebench.tracking.writer import StudyRuns

    runs: StudyRuns | None = None
    trial: TrialRecord | None = None
    failed = False
    while True:
        try:
            if runs is None:
                opened = StudyRuns.open(home, record)
                opened.client.update_run(opened.parent_run_id, status="RUNNING")
                runs = opened
            elif failed:  # it may have left a run half written, or have been carried out nevertheless
                runs.look()
            if trial is not None:
                runs.write(trial_run(record, trial))
                runs.note_best(trial)
            reply, failed = None, False
        except Exception as error:  # nothing that happens here may reach the search
            reply, failed = complaint(home, record.name, error), True
        pickle.dump(reply, replies)
        replies.flush()
        try:
            trial = pickle.load(source)
        except EOFError:
            return
