"""Progress of a run: live on a terminal, plain lines if the output is piped."""

import logging
import os
import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column

from vaebench.cli.doubts import in_brief
from vaebench.cli.options import duration
from vaebench.cli.time_left import TimeLeft
from vaebench.scoring.score import mean_score
from vaebench.search.events import (
    Advanced,
    ConfirmationStarted,
    Event,
    Loaded,
    NothingToDo,
    SearchStarted,
    Step,
    TrialFinished,
)
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Attainable, StudyRecord, TrialRecord

QUIET = 10.0
"""Least seconds between two lines of a step if output is piped; a twentieth of the run's time if that is more."""


class SearchState:
    """The state of the search: the best trial, failures, and the time left."""

    def __init__(self, record: StudyRecord, target: int) -> None:
        self.attainable: Attainable = record.attainable
        self.target = target
        self.left = TimeLeft(record.definition, target, began=time.time(), clock=time.time)
        self.failed = self.pruned = 0
        self.best: tuple[float, int] | None = None
        for trial in record.trials:
            self._count(trial)

    def finished(self, trial: TrialRecord) -> None:
        """Add a trial of this run."""
        self.left.add(trial)
        self._count(trial)

    def text(self, done: int) -> str:
        """Return the state as text, with `done` trials finished."""
        seconds = self.left.from_search(done)
        left = f"about {duration(seconds)} left" if seconds is not None and done < self.target else ""
        best = (
            f"best {self.best[0]:.3f} (trial {self.best[1]})"
            if self.best
            else f"no score yet, {len(self.left.seconds)} fits"
        )
        failed = f"{self.failed} failed" if self.failed else ""
        pruned = f"{self.pruned} pruned" if self.pruned else ""
        rate = f"{self.left.rate:.3g} trials/s" if self.left.trials else ""
        return ", ".join(part for part in (left, best, failed, pruned, rate) if part)

    def _count(self, trial: TrialRecord) -> None:
        if trial.reason is not None:
            self.failed += 1
        elif trial.pruned is not None:
            self.pruned += 1
        else:
            value = mean_score(trial.results, self.attainable)
            if self.best is None or value < self.best[0]:
                self.best = (value, trial.number)


class _StandardError(Console):
    """A console on standard error. When its pipe is closed it ends the run with status 1, as one on standard output."""

    def __init__(self) -> None:
        super().__init__(stderr=True)

    def on_broken_pipe(self) -> None:
        """End quietly: without this, Python fails to write what is left when it exits, and its status is 120."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        super().on_broken_pipe()


class Progress:
    """An observer that shows each step and its progress."""

    def __init__(self, study_file: str = "") -> None:
        """Show the progress of a run; `study_file` is named in warnings about the study."""
        self.definition: StudyDefinition | None = None
        self._file = study_file
        self._console = _StandardError()
        self._live = self._console.is_terminal
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=15),
            TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._search: SearchState | None = None
        self._searching = False
        self._task: TaskID | None = None
        self._step, self._done, self._pieces, self._later = "", 0, 0, 0
        self._begun = self._step_begun = self._last_line = time.time()

    def __enter__(self) -> Self:
        logger = logging.getLogger("vaebench")
        handler = logging.Handler()
        handler.emit = self._logged  # type: ignore[method-assign]
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_step()
        self._bar.stop()
        logger = logging.getLogger("vaebench")
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.NOTSET)

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Loaded(definition):
                self.definition = definition
                for line in in_brief(definition, self._file):
                    self._print(line)
            case Step(what, pieces):
                self._begin(what, pieces)
            case ConfirmationStarted(trials, fits, later):
                self._begin(f"confirming {trials} trials", fits, more=f" in {fits} fits on further draws")
                self._later = later
            case Advanced(seconds) if self._searching and self._search is not None:
                self._search.left.seconds.append(seconds)
                self._show(self._search.text(self._done))
            case Advanced():
                self._done += 1
                self._show(self._time_left())
            case SearchStarted(record, target):
                self._search = SearchState(record, target)
                if (done := len(record.trials)) < target:
                    arms = len(record.definition.arms)
                    if target < (wanted := record.definition.trials * arms):
                        self._print(
                            f"the space has {target} combinations, fewer than {wanted} trials: each is tried once"
                        )
                    each = f", {target // arms} for each of {arms} arms" if arms > 1 else ""
                    self._begin("searching", target, done, f": {done} of {target} trials done{each}")
                    self._searching = True
            case TrialFinished(trial) if self._search is not None:
                self._search.finished(trial)
                self._done += 1
                ends = len(self._search.left.trials) == 1 or self._done == self._pieces
                self._show(self._search.text(self._done), always=ends)
            case NothingToDo(record):
                self._print(self._nothing_to_do(record))

    def _begin(self, what: str, pieces: int = 0, done: int = 0, more: str = "") -> None:
        """Begin a step. If output is piped, `more` is added to its line; on a terminal the bar shows the same."""
        self._end_step()
        self._step, self._pieces, self._done = what, pieces, done
        self._step_begun, self._searching = time.time(), False
        if self._live:
            self._task = self._bar.add_task(what, total=pieces or None, completed=done, state="")
        else:
            self._line(what + more)

    def _end_step(self) -> None:
        """On a terminal, replace the bar of an ended step by a line with its time. Piped, it has its line already."""
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
            state = f", {self._search.text(self._done)}" if self._searching and self._search else ""
            self._line(f"{self._step}{state}, {time.time() - self._step_begun:.1f} s")

    def _show(self, state: str, *, always: bool = False) -> None:
        """Show the step's progress: at every call on a terminal; if piped, now and then, or if `always`."""
        text = ", ".join(filter(None, (f"{self._done}/{self._pieces}", state)))
        if self._task is not None:
            self._bar.update(self._task, completed=self._done, state=text)
            return
        now = time.time()
        if always or now - self._last_line >= max(QUIET, (now - self._begun) / 20):
            self._line(f"  {text}")

    def _time_left(self) -> str:
        """Return the time left, during confirmation; empty otherwise."""
        if self._search is None or self._done == self._pieces or not self._step.startswith("confirming"):
            return ""
        each = (time.time() - self._step_begun) / self._done
        seconds = each * (self._pieces - self._done + self._later) + self._search.left.writing
        return f"{'at most' if self._later else 'about'} {duration(seconds)} left"

    def _nothing_to_do(self, record: StudyRecord) -> str:
        done, target = len(record.trials), self._search.target if self._search else 0
        if done < target:
            return f"{record.name}: the time was up before a trial began, {done} of {target} are done"
        confirmed = sum(bool(trial.confirmation) for trial in record.trials)
        also = f" and the confirmation of {confirmed}" if confirmed else ""
        each = " of each arm" if len(record.definition.arms) > 1 else ""
        more = f"run --trials N goes on to N trials{each}"
        if all(
            arm.space.size is not None and arm.space.size <= record.definition.trials for arm in record.definition.arms
        ):
            more = "the space has no other combinations"
        return f"{record.name}: nothing to do, all {done} trials{also} are there ({more}, --fresh starts over)"

    def _logged(self, record: logging.LogRecord) -> None:
        """Show what vaebench logs, above the live progress: a warning with that word before it, good news as it is."""
        level = f"{record.levelname.lower()}: " if record.levelno > logging.INFO else ""
        self._print(f"{level}{record.getMessage()}")

    def _line(self, text: str) -> None:
        """Print a line that begins with the run's time so far."""
        self._last_line = now = time.time()
        minutes, seconds = divmod(int(now - self._begun), 60)
        self._print(f"{minutes}:{seconds:02d} {text}")

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
