"""A process of its own that writes finished trials into MLflow.

A run costs MLflow 20-30 ms of Python; in a thread of the coordinator that is time in which nothing can be asked.
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
    """The process, seen from the coordinator: one trial goes in, what went wrong comes out."""

    def __init__(self, home: Path, record: StudyRecord) -> None:
        """Start the process, which begins, or goes on with, the runs of the study that `record` describes."""
        reading, writing = os.pipe()  # replies have a pipe of their own: anybody may print
        self._process = subprocess.Popen(
            # not multiprocessing, which would import the user's script once more
            [sys.executable, "-P", "-c", COMMAND.format(path=sys.path, replies=writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
            process_group=0,  # a terminal's Ctrl-C is the coordinator's
        )
        os.close(writing)
        self._replies = os.fdopen(reading, "rb")
        self._first = (home, record)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the process end, which it does when there is nothing more to read."""
        self._process.communicate()
        self._replies.close()

    def open(self) -> str | None:
        """Begin the study's runs. Returns why it failed, None where it did not."""
        return self._exchange(self._first)

    def write(self, trial: TrialRecord) -> str | None:
        """Write a trial. Returns why it failed, None where it did not."""
        return self._exchange(trial)

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
    """Answer a WriterProcess: read from standard input what it sends, and reply to each on the file `descriptor`."""
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
    while True:
        reply = None
        try:
            if runs is None:
                opened = StudyRuns.open(home, record)
                opened.client.update_run(opened.parent_run_id, status="RUNNING")
                runs = opened
            if trial is not None:
                runs.write(trial_run(record, trial))
                runs.note_best(trial)
        except Exception as error:  # nothing that happens here may reach the search
            reply = complaint(home, error)
        pickle.dump(reply, replies)
        replies.flush()
        try:
            trial = pickle.load(source)
        except EOFError:
            return
