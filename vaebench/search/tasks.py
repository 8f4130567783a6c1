"""Tasks: evaluations sent to the workers. Whatever comes back, even a worker's death, becomes a result."""

import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, TypeVar

from vaebench.errors import PASSING, NoResult
from vaebench.rows import MAIN_METRICS
from vaebench.search.in_worker import each, in_time
from vaebench.study.records import Evidence, Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

T = TypeVar("T")
Executors = Callable[[], AbstractContextManager[Executor]]
"""Starts the workers, or connects to them, and ends them with the context."""
TOGETHER, TOGETHER_SECONDS = 16, 1.0
"""Most evaluations that are sent together, and how long they take: at the end of a batch a worker may wait for one."""
Explained = tuple[Result, Evidence | None]
"""A result, and the evidence for the diagnosis of its trial."""


def result_of(future: "Future[T]") -> T:
    """Wait for a task; return or raise what it does. Raises ConnectionError if there are no workers any more."""
    try:
        return future.result()
    except CancelledError:
        raise ConnectionError("the workers are gone; the same command goes on from here") from None


def evaluate_spec(spec: Spec, replicate: Replicate) -> Result:
    """Evaluate `spec` on `replicate`. TensorFlow takes seconds to load, so it is loaded only where the task runs.

    Loss curves are kept of the first search replicate alone, which MLflow shows: else they would be most of a record.
    """
    from vaebench.trial.evaluate import evaluate

    result = evaluate(spec, replicate)
    return result if (replicate.phase, replicate.index) == ("search", 0) else replace(result, curves={})


def evaluate_with_evidence(spec: Spec, replicate: Replicate) -> Explained:
    """Evaluate `spec` on `replicate`, and gather the evidence for its diagnosis from the same fit; None if it fails."""
    from vaebench.trial.evaluate import evaluate_fitted
    from vaebench.trial.evidence import gather_evidence

    result, fitted = evaluate_fitted(spec, replicate)
    evidence = None
    if fitted is not None:
        try:
            evidence = gather_evidence(fitted, replicate)
        except PASSING:
            raise
        except Exception:  # the other draws are enough
            pass
    return replace(result, curves={}), evidence


@dataclass(frozen=True)
class Task:
    """An evaluation under way, one of those that were sent together."""

    future: "Future[list[Result | Explained]]"
    place: int
    """Which of them."""
    submitted: float

    def result(self) -> Result:
        """Wait for the result. An evaluation that killed its workers gives a failed one with the reason.

        Raises a passing fault (see vaebench.errors), which is not the trial's: a result is kept for good.
        """
        return self.explained()[0]

    def explained(self) -> Explained:
        """Wait for the result, and for the evidence if that was to be gathered."""
        try:
            found = result_of(self.future)[self.place]
            result, evidence = found if isinstance(found, tuple) else (found, None)
            return _finite(result), evidence
        except PASSING:
            raise
        except Exception as error:  # whatever it is, only this trial fails
            seconds = time.time() - self.submitted
            reason = str(error) if isinstance(error, NoResult) else f"{type(error).__name__}: {error}"
            return Result(reason=reason, started=self.submitted, seconds=seconds), None


class Workers:
    """An executor that starts with the first task, so that a study with nothing to do starts no workers.

    Leaving the context by an exception (Ctrl-C, say) cancels the tasks in flight.
    """

    def __init__(self, executors: Executors) -> None:
        self._executors = executors
        self._stack = ExitStack()
        self._executor: Executor | None = None
        self._futures: set[Future[Any]] = set()
        self._seconds, self._evaluations = 0.0, 0  # of those that came back

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for future in list(self._futures):
                future.cancel()
        self._stack.__exit__(kind, error, trace)

    @property
    def started(self) -> bool:
        """Whether any task was sent."""
        return self._executor is not None

    def start(self) -> None:
        """Start the workers now, not with the first task."""
        self._started()

    def submit(self, function: Callable[..., Any], *args: object) -> "Future[Any]":
        """Send a task to the workers."""
        future = self._started().submit(function, *args)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def evaluate(
        self,
        function: Callable[..., Result | Explained],
        first: Spec | str,
        replicates: Iterable[Replicate],
        minutes: float = 0,
        beside: int = 1,
    ) -> list[Task]:
        """Send the evaluations of a spec, or of the baseline of that name, on each of the replicates.

        Short ones are sent together as far as all workers have some of them, of `beside` such calls: a message costs
        4 ms of processor time in all. An evaluation that takes longer than `minutes` fails; 0 is no limit.
        """
        every, call = list(replicates), (in_time, minutes, each) if minutes else (each,)
        size = 1 if minutes or not every else self._together(len(every) * beside)
        tasks = []
        for start in range(0, len(every), size):
            some = every[start : start + size]
            future = self.submit(*call, function, first, some)
            future.add_done_callback(self._note)
            tasks += [Task(future, place, time.time()) for place in range(len(some))]
        return tasks

    def _together(self, evaluations: int) -> int:
        """Return how many of so many evaluations a task should have: each worker gets two tasks or more."""
        if not self._evaluations:
            return 1
        short = TOGETHER_SECONDS * self._evaluations / max(self._seconds, 1e-9)
        return max(1, int(min(TOGETHER, short, evaluations / (2 * getattr(self._started(), "slots", math.inf)))))

    def _note(self, future: "Future[list[Result | Explained]]") -> None:
        """Take note of how long the evaluations of a task took."""
        if future.cancelled() or future.exception():
            return
        for found in future.result():
            self._seconds += (found[0] if isinstance(found, tuple) else found).seconds
            self._evaluations += 1

    def _started(self) -> Executor:
        if self._executor is None:
            self._executor = self._stack.enter_context(self._executors())
        return self._executor


def _finite(result: Result) -> Result:
    moments = {*MAIN_METRICS[1:]} & {*result.metrics}  # which categories alone do not have
    errors = MAIN_METRICS if moments else MAIN_METRICS[:1]
    wrong = [name for name in errors if not math.isfinite(result.metrics.get(name, math.nan))]
    if result.reason or not wrong:
        return result
    return replace(result, reason=f"{wrong[0]} is {result.metrics.get(wrong[0], math.nan)}")
