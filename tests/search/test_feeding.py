"""How many workers a study's batch keeps busy, and what is said to those who have more."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from cheap_evaluations import cheap
from small_studies import go

from vaebench.search.feeding import idle
from vaebench.search.in_process import InProcess
from vaebench.study.definition import StudyDefinition


class Counting(InProcess):
    """An executor that counts the trials' evaluations that were sent and have not come back."""

    def __init__(self) -> None:
        self.waiting = self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future = super().submit(fn, *args, **kwargs)
        if cheap in (fn, *args):
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            future.add_done_callback(lambda _: setattr(self, "waiting", self.waiting - 1))
        return future


def test_as_many_tasks_are_under_way_as_is_said(definition: StudyDefinition, tmp_path: Path) -> None:
    counting = Counting()
    go(replace(definition, trials=100), tmp_path, executors=lambda: nullcontext(counting), confirm=False)
    assert counting.most == 16
    assert idle(replace(definition, trials=100), 17)


def test_who_has_more_workers_than_two_batches_have_tasks_is_told_what_to_set(definition: StudyDefinition) -> None:
    study = replace(definition, trials=100)  # batches of 4 trials, 2 replicates each
    assert idle(study, 16) == ""
    told = idle(study, 17)
    assert told.startswith(
        "the search keeps at most 16 of the 17 workers busy: 2 batches of 4 trials on 2 draws each. "
    )
    assert "set batch = 9 in [study]" in told
    assert idle(replace(study, batch=9), 17) == ""


def test_who_has_a_worker_for_each_task_is_told_nothing(definition: StudyDefinition) -> None:
    assert idle(replace(definition, trials=8), 1000) == ""
    assert "set batch = 9 " in idle(replace(definition, trials=9), 1000)


def test_pruning_sends_fewer_at_a_time(definition: StudyDefinition) -> None:
    study = replace(definition, trials=100, replicates=20)
    assert idle(study, 100) == ""
    assert "at most 32 of the 100 workers busy: 2 batches of 4 trials on 4 draws each" in idle(
        replace(study, pruning=True), 100
    )
