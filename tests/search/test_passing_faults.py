"""A fault that passes (no memory, a changed file, a full disk) ends the run and leaves nothing behind that lasts."""

import contextlib
import errno
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cheap_evaluations import cheap
from small_studies import Substituting, evaluated_by, go, in_process, timeless

from vaebench.data_sets.file import File
from vaebench.errors import InputError
from vaebench.scoring.baseline_scores import evaluate_baseline
from vaebench.search.run import confirm, run
from vaebench.search.store import RecordStore
from vaebench.search.tasks import evaluate_with_evidence
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

FAULTS = [MemoryError("out of memory"), OSError(errno.ENOSPC, "No space left on device"), InputError("has changed")]


def once(fault: Exception, phase: str, index: int) -> Callable[[Spec, Replicate], Result]:
    """Return an evaluation that raises `fault` the first time it meets this replicate."""
    met = threading.Event()

    def evaluate(spec: Spec, replicate: Replicate) -> Result:
        if (replicate.phase, replicate.index) == (phase, index) and not met.is_set():
            met.set()
            raise fault
        return cheap(spec, replicate)

    return evaluate


@contextlib.contextmanager
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.mark.parametrize("executors", [in_process, threads])
@pytest.mark.parametrize(("phase", "index"), [("search", 1), ("confirm", 2)])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_in_a_trial(
    definition: StudyDefinition, tmp_path: Path, fault: Exception, phase: str, index: int, executors: Any
) -> None:
    undisturbed = go(definition, tmp_path / "undisturbed")
    evaluate = once(fault, phase, index)
    with pytest.raises(type(fault)):
        go(definition, tmp_path, evaluate, executors=executors)
    stopped = RecordStore.open(tmp_path, "small").record()
    assert not any(trial.reason for trial in stopped.trials)
    assert not any(result.reason for trial in stopped.trials for result in trial.confirmation)
    assert timeless(go(definition, tmp_path, evaluate, executors=executors)) == timeless(undisturbed)


@pytest.mark.parametrize("task", [evaluate_baseline, evaluate_with_evidence])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_in_a_baseline_or_a_diagnosis(
    definition: StudyDefinition, tmp_path: Path, fault: Exception, task: Callable[..., Any]
) -> None:
    def faulty(*_: object) -> None:
        raise fault

    @contextlib.contextmanager
    def workers() -> Iterator[Executor]:
        with evaluated_by(cheap)() as inner:
            yield Substituting(inner, {task: faulty})

    with pytest.raises(type(fault)):
        run(definition, home=tmp_path, executors=workers)
    stopped = RecordStore.open(tmp_path, "small").record()
    assert not any(result.reason for one in stopped.baselines for result in (*one.search, *one.confirmation))
    assert all(trial.diagnosis is None for trial in stopped.trials)
    assert timeless(go(definition, tmp_path)) == timeless(go(definition, tmp_path / "undisturbed"))


def test_a_file_that_changed_for_a_while_spoils_no_confirmation(definition: StudyDefinition, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x\n" + "".join(f"{(7 * i) % 60 + i / 100}\n" for i in range(60)))
    own = replace(definition, data_set=File.parse("rows.csv", tmp_path), rows=60, trials=4)
    go(own, tmp_path, confirm=False)
    content = path.read_text()
    path.write_text(content + "99\n")
    with pytest.raises(InputError, match="has changed since the study began"):
        confirm("small", home=tmp_path, executors=evaluated_by(cheap))
    path.write_text(content)
    record = confirm("small", home=tmp_path, executors=evaluated_by(cheap))
    assert not any(result.reason for one in record.baselines for result in one.confirmation)
    assert timeless(record) == timeless(go(own, tmp_path / "undisturbed"))
