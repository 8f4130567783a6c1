"""Small studies, and what hears of them."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import replace

from vaebench.search.observer import Silent
from vaebench.search.workers import InProcess
from vaebench.study.records import Result, StudyRecord, TrialRecord

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


@contextlib.contextmanager
def in_process() -> Iterator[Executor]:
    yield InProcess()


def none_at_all() -> AbstractContextManager[Executor]:
    raise AssertionError("workers were started")


class Heard(Silent):
    """An observer that remembers."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.confirmations: list[int] = []
        self.targets: list[int] = []
        self.idle = 0

    def started(self, record: StudyRecord, target: int) -> None:
        self.targets.append(target)

    def trial_finished(self, trial: TrialRecord) -> None:
        self.numbers.append(trial.number)

    def confirmed(self, trial: TrialRecord) -> None:
        assert trial.confirmation
        self.confirmations.append(trial.number)

    def nothing_to_do(self, record: StudyRecord) -> None:
        self.idle += 1


def timeless(record: StudyRecord) -> StudyRecord:
    """Return the record without the times, which alone may differ between runs."""

    def results(values: tuple[Result, ...]) -> tuple[Result, ...]:
        return tuple(replace(result, started=0.0, seconds=0.0) for result in values)

    trials = (
        replace(trial, started=0.0, ended=0.0, results=results(trial.results), confirmation=results(trial.confirmation))
        for trial in record.trials
    )
    references = (
        replace(reference, search=results(reference.search), confirmation=results(reference.confirmation))
        for reference in record.references
    )
    return replace(record, trials=tuple(trials), references=tuple(references))
