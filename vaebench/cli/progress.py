"""Live progress on a terminal, plain lines where the output is piped."""

import logging
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from vaebench.cli.check import duration
from vaebench.rows import Metrics
from vaebench.scoring.score import mean_score
from vaebench.study.records import StudyRecord, TrialRecord

LINES = 10
"""Plain lines a search prints when piped, besides its first."""


class Progress:
    """An observer that shows done, best, trials a second, time left and failures."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.live = self.console.is_terminal
        self.bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(),
            TextColumn("{task.fields[state]}", markup=False, table_column=Column(no_wrap=True)),
            console=self.console,
            transient=True,
            disable=not self.live,
        )
        self.task: TaskID | None = None
        self.done = self.target = self.failed = self.pruned = self.new = 0
        self.best: tuple[float, int] | None = None
        self.attainable: Metrics = {}
        self.clock = time.time()
        self.confirmations = (0, 0)

    def __enter__(self) -> Self:
        logger = logging.getLogger("vaebench")
        handler = logging.Handler()
        handler.emit = self.note  # type: ignore[method-assign]
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
        self.bar.start()
        self.task = self.bar.add_task("starting workers", total=None, state="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()
        logger = logging.getLogger("vaebench")
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.NOTSET)

    def started(self, record: StudyRecord, target: int) -> None:
        """Show how far the study is."""
        self.done, self.target, self.attainable = len(record.trials), target, record.attainable
        self.clock = time.time()
        for trial in record.trials:
            self._count(trial)
        if self.done < self.target:
            arms = len(record.definition.get("arms", {}))
            each = f", {target // arms} for each of {arms} sub-studies" if arms else ""
            self._say(f"{record.name}: {self.done} of {target} trials done{each}")
            self._searching()

    def trial_finished(self, trial: TrialRecord) -> None:
        """Count a trial."""
        self.clock = min(self.clock, trial.started)  # the first ones begin while the baselines are still fitted
        self.done += 1
        self.new += 1
        self._count(trial)
        self._searching()
        if self.done == self.target or self.new % max(1, self.target // LINES) == 0:
            self._say(f"{self.done}/{self.target} trials, {self._state()}")

    def confirming(self, count: int) -> None:
        """Show that the confirmation begins."""
        self.confirmations = (0, count)
        self._say(f"confirming {count} trials on further draws")
        self._show(f"confirming 0/{count}", 0, count, "on further draws")

    def confirmed(self, trial: TrialRecord) -> None:
        """Count a confirmed trial."""
        done, count = self.confirmations[0] + 1, self.confirmations[1]
        self.confirmations = (done, count)
        self._show(f"confirming {done}/{count}", done, count, "on further draws")
        if done == count:
            self._say(f"confirmed {count}")

    def nothing_to_do(self, record: StudyRecord) -> None:
        """Say so."""
        if self.done < self.target:
            self._say(f"{record.name}: the time was up before a trial began, {self.done} of {self.target} are done")
            return
        confirmed = sum(bool(trial.confirmation) for trial in record.trials)
        also = f" and the confirmation of {confirmed}" if confirmed else ""
        each = " of each sub-study" if "arms" in record.definition else ""
        self.console.print(
            f"{record.name}: nothing to do, all {len(record.trials)} trials{also} are there "
            f"(run --trials N goes on to N trials{each}, --fresh starts over)",
            highlight=False,
            soft_wrap=True,
        )

    def _count(self, trial: TrialRecord) -> None:
        if trial.reason is not None:
            self.failed += 1
            return
        if trial.pruned is not None:
            self.pruned += 1
            return
        value = mean_score(trial.results, self.attainable)
        if self.best is None or value < self.best[0]:
            self.best = (value, trial.number)

    def _state(self) -> str:
        best = f"best {self.best[0]:.3f} (trial {self.best[1]})" if self.best else "no score yet"
        rate = self.new / max(time.time() - self.clock, 1e-9)
        speed = f"{rate:.3g} trials/s" if self.new else ""
        left = f"{duration((self.target - self.done) / rate)} left" if self.new and self.done < self.target else ""
        pruned = f"{self.pruned} pruned" if self.pruned else ""
        return ", ".join(part for part in (best, speed, left, pruned, f"{self.failed} failed") if part)

    def _searching(self) -> None:
        self._show(f"{self.done}/{self.target}", self.done, self.target, self._state())

    def note(self, record: logging.LogRecord) -> None:
        """Show what vaebench logs: a step that takes a while, or a warning, which stays above the live progress."""
        message = record.getMessage()
        if record.levelno > logging.INFO:
            text = f"{record.levelname.lower()}: {message}"
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            self._say(message)
            self._show(message, 0, None, "")

    def _say(self, line: str) -> None:
        if not self.live:
            self.console.print(line, highlight=False, soft_wrap=True)

    def _show(self, description: str, done: int, total: int | None, state: str) -> None:
        if self.task is not None:
            if done == 0:
                self.bar.reset(self.task)  # else a task that was finished once stays so
            self.bar.update(self.task, description=description, completed=done, total=total, state=state)
