"""A separate process that writes a study to MLflow: finished trials while the search runs, final results after it.

MLflow takes seconds to import and 20-30 ms of Python per run. In a thread of the coordinator no trial could be asked
during that time. Loading a pickle may run code; these go over pipes that no other process has, and nothing of them is
stored.
"""

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from vaebench.results.standings import Standings
from vaebench.search.events import Observer
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.tracking.artifacts import Artifacts, NotShownError
from vaebench.tracking.store import complaint, import_mlflow, own_connections

if TYPE_CHECKING:
    from vaebench.tracking.sync import Written

COMMAND = """
import gc, sys
gc.disable()  # until all is imported: it would take a fifth of that time
sys.path[:] = {path!r}
from vaebench.tracking.writer_process import serve
serve({replies})
"""
GONE = (OSError, EOFError, ValueError, pickle.UnpicklingError)
"""What an exchange with a process raises that has ended, in the middle of a reply, say, or whose pipes are closed."""


@dataclass(frozen=True)
class _Open:
    """Find or create the runs of the study in `record`. Its trials are then sent one by one."""

    home: Path
    record: StudyRecord


@dataclass(frozen=True)
class _Final:
    """Write the final results. Artifacts of the trials in `shown` can be had."""

    home: Path
    standings: Standings
    shown: tuple[int, ...]


@dataclass(frozen=True)
class _Wanted:
    """The process wants the artifacts of a trial: it is sent them, or why there are none."""

    number: int


@dataclass(frozen=True)
class _Done:
    """The process has done what it was sent."""

    outcome: Any
    """Why that failed, None if it did not; of the final results what is written, or why it failed."""


class WriterProcess:
    """The coordinator's side of the process: it sends a message and waits until that is done."""

    def __init__(self) -> None:
        """Start the process."""
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the input of the process, so that it ends, and wait for it. After an error, kill it."""
        if error is not None:
            self.kill()
        self._process.communicate()
        self._replies.close()

    def open(self, home: Path, record: StudyRecord) -> str | None:
        """Find or create the study's runs. Return why that failed; None if it did not."""
        failed: str | None = self._exchange(_Open(home, record)).outcome
        return failed

    def write(self, trial: TrialRecord) -> str | None:
        """Write a trial. Return why that failed; None if it did not."""
        failed: str | None = self._exchange(trial).outcome
        return failed

    def bring_up_to_date(
        self, home: Path, standings: Standings, artifacts: Mapping[int, Artifacts], observer: Observer
    ) -> "Written | str":
        """Do as `sync.bring_up_to_date`, in the process. Return why that failed if it did."""
        try:
            reply = self._exchange(_Final(home, standings, tuple(artifacts)))
            while not isinstance(reply, _Done):
                if isinstance(reply, _Wanted):
                    reply = self._exchange(_artifacts_or_why_not(artifacts, reply.number))
                else:
                    observer(reply)
                    reply = self._reply()
        except BaseException:  # nobody waits for it any more
            self.kill()
            raise
        written: Written | str = reply.outcome
        return written

    def kill(self) -> None:
        """End the process at once: what it is about will fail."""
        self._process.kill()

    def _exchange(self, message: object) -> Any:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except GONE:
            return self._ended()
        return self._reply()

    def _reply(self) -> Any:
        try:
            return pickle.load(self._replies)
        except GONE:
            return self._ended()

    def _ended(self) -> _Done:
        return _Done(f"the process that writes into MLflow ended with status {self._process.wait()}")


def _artifacts_or_why_not(artifacts: Mapping[int, Artifacts], number: int) -> Artifacts | NotShownError:
    try:
        return artifacts[number]
    except NotShownError as error:
        return error


def serve(descriptor: int) -> None:
    """Run in the process: do what is sent to standard input, and reply on the file `descriptor`."""
    import_mlflow()
    gc.freeze()
    gc.enable()
    with os.fdopen(descriptor, "wb") as replies, own_connections():
        _Server(sys.stdin.buffer, replies).serve()
    os._exit(0)  # Python would take half a second to take all modules apart


class _Server:
    """The process's side."""

    def __init__(self, source: BinaryIO, replies: BinaryIO) -> None:
        self._source, self._replies = source, replies

    def serve(self) -> None:
        """Do what is sent until there is no more."""
        from vaebench.tracking.live_runs import LiveRuns

        while True:
            try:
                message = pickle.load(self._source)
            except EOFError:
                return
            match message:
                case _Open(home, record):
                    live = LiveRuns(home, record)
                    self._reply(_Done(live.open()))
                case TrialRecord():
                    self._reply(_Done(live.write(message)))
                case _Final(home, standings, shown):
                    self._reply(_Done(self._final(home, standings, shown)))

    def _final(self, home: Path, standings: Standings, shown: tuple[int, ...]) -> "Written | str":
        from vaebench.tracking.sync import bring_up_to_date

        try:
            return bring_up_to_date(home, standings, _Sent(self, shown), self._reply)
        except Exception as error:  # nobody could see it here
            return complaint(home, standings.record.name, error)

    def artifacts(self, number: int) -> Any:
        """Ask for the artifacts of a trial."""
        self._reply(_Wanted(number))
        return pickle.load(self._source)

    def _reply(self, reply: object) -> None:
        pickle.dump(reply, self._replies)
        self._replies.flush()


class _Sent(Mapping[int, Artifacts]):
    """The artifacts of the trials in `shown`, each sent when it is asked for."""

    def __init__(self, server: _Server, shown: tuple[int, ...]) -> None:
        self._server, self._shown = server, shown

    def __getitem__(self, number: int) -> Artifacts:
        answer = self._server.artifacts(number)
        if isinstance(answer, NotShownError):
            raise answer
        made: Artifacts = answer
        return made

    def __contains__(self, number: object) -> bool:
        return number in self._shown

    def __iter__(self) -> Iterator[int]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)
