"""Live progress on a terminal, plain lines where the output is piped."""

import logging
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from vaebench.records import Metrics, StudyRecord, TrialRecord
from vaebench.scoring import mean_metrics, score

LINES = 10
"""Plain lines a search prints when piped, besides its first."""


class Progress:
    """An observer that shows done, best, trials a second, time left and failures."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.live = self.console.is_terminal
        self.bar = Bar(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn(),
            console=self.console, transient=True, disable=not self.live,
        )  # fmt: skip
        self.task: TaskID | None = None
        self.done = self.target = self.failed = self.new = 0
        self.best: tuple[float, int] | None = None
        self.attainable: Metrics = {}
        self.clock = time.monotonic()
        self.confirmations = (0, 0)

    def __enter__(self) -> Self:
        logger = logging.getLogger("vaebench")
        logger.handlers = [RichHandler(console=self.console, show_time=False, show_path=False)]
        logger.propagate = False
        self.bar.start()
        self.task = self.bar.add_task("starting workers", total=None, state="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def started(self, record: StudyRecord, target: int) -> None:
        """Show how far the study is."""
        self.done, self.target, self.attainable = len(record.trials), target, record.attainable
        self.clock = time.monotonic()
        for trial in record.trials:
            self._count(trial)
        if self.done < self.target:
            self._say(f"{record.name}: {self.done} of {target} trials done")
            self._show("searching", self.done, self.target, self._state())

    def trial_finished(self, trial: TrialRecord) -> None:
        """Count a trial."""
        self.done += 1
        self.new += 1
        self._count(trial)
        self._show("searching", self.done, self.target, self._state())
        if self.done == self.target or self.new % max(1, self.target // LINES) == 0:
            self._say(f"{self.done}/{self.target} trials, {self._state()}")

    def confirming(self, count: int) -> None:
        """Show that the confirmation begins."""
        self.confirmations = (0, count)
        self._say(f"confirming the best {count} on fresh draws")
        self._show("confirming", 0, count, "")

    def confirmed(self, trial: TrialRecord) -> None:
        """Count a confirmed trial."""
        done, count = self.confirmations[0] + 1, self.confirmations[1]
        self.confirmations = (done, count)
        self._show("confirming", done, count, f"trial {trial.number}")
        if done == count:
            self._say(f"confirmed {count}")
            self._show("finishing", 0, None, "pictures and models for MLflow")

    def nothing_to_do(self, record: StudyRecord) -> None:
        """Say so."""
        self.bar.stop()
        self.console.print(
            f"{record.name}: nothing to do, all {len(record.trials)} trials and their confirmation are there "
            "(--trials N searches more, --fresh starts over)"
        )

    def _count(self, trial: TrialRecord) -> None:
        if trial.reason is not None:
            self.failed += 1
            return
        value = score(mean_metrics(trial.results), self.attainable)
        if self.best is None or value < self.best[0]:
            self.best = (value, trial.number)

    def _state(self) -> str:
        best = f"best score {self.best[0]:.3f} (trial {self.best[1]})" if self.best else "no score yet"
        rate = self.new / max(time.monotonic() - self.clock, 1e-9)
        left = f"{(self.target - self.done) / rate:.0f} s left" if self.new else ""
        parts = [best, f"{rate:.2f} trials/s" if self.new else "", left, f"{self.failed} failed"]
        return ", ".join(part for part in parts if part)

    def _say(self, line: str) -> None:
        if not self.live:
            self.console.print(line, highlight=False, soft_wrap=True)

    def _show(self, description: str, done: int, total: int | None, state: str) -> None:
        if self.task is not None:
            self.bar.update(self.task, description=description, completed=done, total=total, state=state)
