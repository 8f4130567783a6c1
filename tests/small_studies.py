"""Small studies, and what hears of them."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cheap_evaluations import cheap, nothing

from vaebench.search.events import (
    Advanced,
    ConfirmationStarted,
    Event,
    NothingToDo,
    SearchStarted,
    Step,
    TrialConfirmed,
    TrialFinished,
)
from vaebench.search.in_process import InProcess
from vaebench.search.programs import compile_for
from vaebench.search.run import run
from vaebench.search.tasks import Executors, evaluate_spec, evaluate_with_evidence
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result, StudyRecord

STUDY = """
[study]
name = "small"
objectives = ["score"]
trials = 20
replicates = 2
seed = 3
sampler = "tpe"
batch = 4

[data]
distribution = { name = "norm", loc = 100, scale = 10 }

[evaluation]
generated = 50
true = 50

[search]
latent_dim = { int = [1, 42] }
learning_rate = { float = [1e-4, 1e-2], log = true }
dropout = { float = [0.05, 0.5], off = 0.0 }
batch_norm = { choice = [false, true] }
encoder = { choice = [[200, 200, 50], [32]] }

[search.variant.one_of]
ae = {}
vae = { beta = { float = [0.01, 10.0], log = true } }

[search.latent_sampler.one_of]
prior = {}
gaussian = { scale = { float = [0.5, 3.0], log = true } }

[confirm]
top = 3
replicates = 4
"""

GRID = """
[study]
name = "grid"
sampler = "grid"
trials = 100
replicates = 1
batch = 4

[data]
distribution = { name = "norm", loc = 100, scale = 10 }

[evaluation]
generated = 50
true = 50

[search]
latent_dim = { choice = [1, 7, 42] }
batch_norm = { choice = [false, true] }

[search.variant.one_of]
ae = {}
vae = { beta = { choice = [0.1, 1.0] } }

[confirm]
top = 0
"""


class Substituting(Executor):
    """An executor that sends another task in place of some, so that a study can be run at no cost."""

    def __init__(self, inner: Executor, substitutes: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        self._inner, self._substitutes = inner, substitutes

    @property
    def slots(self) -> float:
        return getattr(self._inner, "slots", math.inf)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        fn, *rest = (self._substitutes.get(part, part) if callable(part) else part for part in (fn, *args))
        return self._inner.submit(fn, *rest, **kwargs)


@contextlib.contextmanager
def in_process() -> Iterator[Executor]:
    yield InProcess()


def evaluated_by(evaluate: Callable[..., Result], executors: Executors = in_process) -> Executors:
    """Return workers that evaluate specs with `evaluate`, find no evidence and compile nothing."""

    @contextlib.contextmanager
    def start() -> Iterator[Executor]:
        substitutes = {evaluate_spec: evaluate, evaluate_with_evidence: evaluate, compile_for: nothing}
        with executors() as inner:
            yield Substituting(inner, substitutes)

    return start


def go(definition: StudyDefinition, home: Path, evaluate: object = cheap, **options: object) -> StudyRecord:
    """Run a study whose evaluations cost nothing."""
    keywords = {"executors": in_process, **options}
    keywords["executors"] = evaluated_by(evaluate, keywords["executors"])  # type: ignore[arg-type]
    return run(definition, home=home, **keywords)  # type: ignore[arg-type]


def none_at_all() -> AbstractContextManager[Executor]:
    raise AssertionError("workers were started")


class Heard:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.confirmations: list[int] = []
        self.targets: list[int] = []
        self.idle = 0
        self.pieces: dict[str, list[int]] = {}
        """Of each step that has pieces: how many, and how many were done."""
        self.fits = 0
        """How many replicates of trials were done."""
        self._step = ""

    def __call__(self, event: Event) -> None:
        match event:
            case Step(what, pieces):
                self._step = what
                self.pieces[what] = [pieces, 0]
            case ConfirmationStarted(_, fits):
                self._step = "confirming"
                self.pieces[self._step] = [fits, 0]
            case Advanced() if self._step == "searching":
                self.fits += 1
            case Advanced():
                self.pieces[self._step][1] += 1
            case SearchStarted(_, target):
                self._step = "searching"
                self.targets.append(target)
            case TrialFinished(trial):
                self.numbers.append(trial.number)
            case TrialConfirmed(trial):
                assert trial.confirmation
                self.confirmations.append(trial.number)
            case NothingToDo():
                self.idle += 1


def timeless(record: StudyRecord) -> StudyRecord:
    """Return the record without the times, which alone may differ between runs."""

    def results(values: tuple[Result, ...]) -> tuple[Result, ...]:
        return tuple(replace(result, started=0.0, seconds=0.0) for result in values)

    trials = (
        replace(trial, started=0.0, ended=0.0, results=results(trial.results), confirmation=results(trial.confirmation))
        for trial in record.trials
    )
    baselines = (
        replace(baseline, search=results(baseline.search), confirmation=results(baseline.confirmation))
        for baseline in record.baselines
    )
    return replace(record, trials=tuple(trials), baselines=tuple(baselines))
