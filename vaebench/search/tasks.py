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
from vaebench.search.in_worker import in_time
from vaebench.study.records import Evidence, Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

T = TypeVar("T")
Executors = Callable[[], AbstractContextManager[Executor]]
"""Starts the workers, or connects to them, and ends them with the context."""
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
    """An evaluation under way."""

    future: "Future[Result | Explained]"
    submitted: float

    def result(self) -> Result:
        """Wait for the result. A task that raised, or that killed its workers, gives a failed result with the reason.

        Raises a passing fault (see vaebench.errors), which is not the trial's: a result is kept for good.
        """
        return self.explained()[0]

    def explained(self) -> Explained:
        """Wait for the result, and for the evidence if that was to be gathered."""
        try:
            found = result_of(self.future)
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

    def submit(self, function: Callable[..., Any], *args: object) -> "Future[Any]":
        """Send a task to the workers."""
        if self._executor is None:
            self._executor = self._stack.enter_context(self._executors())
        future = self._executor.submit(function, *args)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def evaluate(
        self,
        function: Callable[..., Result | Explained],
        first: Spec | str,
        replicates: Iterable[Replicate],
        minutes: float = 0,
    ) -> list[Task]:
        """Send one task per replicate: the evaluation of a spec, or of the baseline of that name.

        A task that takes longer than `minutes` fails; 0 is no limit.
        """
        task = (in_time, minutes, function) if minutes else (function,)
        return [Task(self.submit(*task, first, replicate), time.time()) for replicate in replicates]


def _finite(result: Result) -> Result:
    wrong = [name for name in MAIN_METRICS if not math.isfinite(result.metrics.get(name, math.nan))]
    if result.reason or not wrong:
        return result
    return replace(result, reason=f"{wrong[0]} is {result.metrics.get(wrong[0], math.nan)}")
