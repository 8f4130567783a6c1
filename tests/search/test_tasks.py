"""What is sent to the workers, and how what comes back, or does not, becomes a result."""

import math
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from typing import Any

import pytest
from small_specs import small_replicate, small_spec

from vaebench.rows import Phase
from vaebench.search.in_worker import each
from vaebench.search.tasks import Task, Workers, evaluate_spec, result_of
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate

GOOD = Result(metrics={"ks": 0.1, "mean_error": 1.0, "std_error": 1.0})


def came_back(value: object) -> "Future[Any]":
    """Return the future of a task with one evaluation: it holds its value, or raises it."""
    future: Future[Any] = Future()
    if isinstance(value, BaseException):
        future.set_exception(value)
    else:
        future.set_result([value])
    return future


class Waiting(Executor):
    """An executor whose tasks never end by themselves; it knows when it was started and ended."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.futures: list[Future[Any]] = []

    @contextmanager
    def start(self) -> Iterator[Executor]:
        self.said.append("started")
        yield self
        self.said.append("ended")

    def submit(self, fn: object, /, *args: object, **kwargs: object) -> "Future[Any]":
        self.futures.append(Future())
        return self.futures[-1]


def test_a_result_is_handed_on_as_it_is() -> None:
    assert Task(came_back(GOOD), 0, 0.0).result() is GOOD
    failed = Result(reason="overflow in epoch 3")
    assert Task(came_back(failed), 0, 0.0).result() is failed


def test_what_a_task_raises_is_its_failure() -> None:
    began = time.time() - 2
    result = Task(came_back(ValueError("too wide")), 0, began).result()
    assert (result.reason, result.started, result.metrics) == ("ValueError: too wide", began, {})
    assert result.seconds == pytest.approx(2, abs=1)


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_a_main_metric_that_is_not_finite_or_missing_is_a_failure(value: float | None) -> None:
    metrics = {"ks": 0.1, "std_error": 1.0} | ({} if value is None else {"mean_error": value})
    result = Task(came_back(Result(metrics=metrics)), 0, 0.0).result()
    assert result.reason == f"mean_error is {math.nan if value is None else value}"


def test_workers_that_are_gone_are_no_failure_of_a_trial() -> None:
    for gone in (lambda: result_of(came_back(CancelledError())), Task(came_back(CancelledError()), 0, 0.0).result):
        with pytest.raises(ConnectionError, match="the workers are gone; the same command goes on from here"):
            gone()


def test_workers_start_with_the_first_task_and_end_with_the_block() -> None:
    waiting = Waiting()
    with Workers(waiting.start) as workers:
        assert not workers.started
        assert waiting.said == []
        workers.submit(len)
        workers.submit(len)
        assert workers.started
        assert waiting.said == ["started"]
    assert waiting.said == ["started", "ended"]
    assert not any(future.cancelled() for future in waiting.futures)


def interrupted(waiting: Waiting) -> None:
    with Workers(waiting.start) as workers:
        for _ in range(3):
            workers.submit(len)
        waiting.futures[0].set_result(GOOD)
        raise KeyboardInterrupt


def test_an_error_in_the_block_cancels_what_is_under_way() -> None:
    waiting = Waiting()
    with pytest.raises(KeyboardInterrupt):
        interrupted(waiting)
    assert [future.cancelled() for future in waiting.futures] == [False, True, True]


class Counted(Waiting):
    """One that knows how many workers it has."""

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.slots = slots


@pytest.mark.parametrize(
    ("executor", "seconds", "beside", "minutes", "tasks"),
    [
        (Counted(2), 0.01, 4, 0.0, 1),  # 64 evaluations for 2 workers: 4 tasks in all, two each
        (Counted(2), 0.01, 1, 0.0, 4),  # 16 evaluations for 2 workers: 4 tasks, two each
        (Counted(2), 0.25, 4, 0.0, 4),  # as many as take a second
        (Counted(2), 9.0, 4, 0.0, 16),
        (Counted(2), None, 4, 0.0, 16),  # nobody knows yet how long they take
        (Counted(1000), 0.01, 1000, 0.0, 2),
        (Counted(1000), 0.01, 64, 0.0, 16),
        (Counted(2), 0.01, 4, 5.0, 16),  # a limit is on each evaluation
        (Waiting(), 0.01, 4, 0.0, 16),
    ],
)
def test_short_evaluations_are_sent_together_as_far_as_each_worker_has_some(
    executor: Waiting, seconds: float | None, beside: int, minutes: float, tasks: int
) -> None:
    replicates = [small_replicate(index) for index in range(16)]
    with Workers(executor.start) as workers:
        (first,) = workers.evaluate(evaluate_spec, "gaussian", replicates[:1])
        if seconds is not None:
            first.future.set_result([Result(seconds=seconds)])
        sent = workers.evaluate(evaluate_spec, "gaussian", replicates, minutes, beside)
    futures = executor.futures[1:]
    assert len(futures) == tasks
    assert [futures.index(task.future) * (16 // tasks) + task.place for task in sent] == list(range(16))


def test_one_of_several_evaluations_may_fail_alone() -> None:
    def moody(first: object, replicate: Replicate) -> Result:
        if replicate.index == 1:
            raise ValueError("not this one")
        return GOOD

    assert [result.reason for result in each(moody, "any", [small_replicate(index) for index in range(3)])] == [
        None,
        "ValueError: not this one",
        None,
    ]

    def no_memory(first: object, replicate: Replicate) -> Result:
        raise MemoryError

    with pytest.raises(MemoryError):
        each(no_memory, "any", [small_replicate()])


@pytest.mark.parametrize(("phase", "index", "kept"), [("search", 0, True), ("search", 1, False), ("confirm", 0, False)])
def test_loss_curves_are_kept_of_the_first_search_replicate_alone(phase: Phase, index: int, kept: bool) -> None:
    result = evaluate_spec(small_spec("ae", epochs=3), small_replicate(index, phase=phase, size=100))
    assert result.reason is None
    assert bool(result.curves) == kept
