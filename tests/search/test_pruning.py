"""A trial that is plainly worse stops early, and only such a trial."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from cheap_evaluations import cheap
from optuna.trial import TrialState
from scipy.stats import wilcoxon
from small_studies import STUDY, evaluated_by, in_process, timeless

from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.scoring.score import score
from vaebench.search.pruning import Pruner
from vaebench.search.run import run
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import StudyRecord, TrialRecord

Read = Callable[..., StudyDefinition]


def go(definition: StudyDefinition, home: Path, executors: Callable[..., object] = in_process) -> StudyRecord:
    return run(definition, home=home, executors=evaluated_by(cheap, executors))  # type: ignore[arg-type]


@pytest.fixture
def pruned(read: Read) -> StudyDefinition:
    return read(pruning=True, replicates=10, trials=40)


@pytest.fixture
def record(pruned: StudyDefinition, tmp_path: Path) -> StudyRecord:
    return go(pruned, tmp_path)


def scores(record: StudyRecord, trial: TrialRecord) -> list[float]:
    return [score(result.metrics, record.attainable) for result in trial.results]


def test_who_is_pruned_when(record: StudyRecord) -> None:
    """Go through the trials as a reader of the record would, with scipy alone."""
    whole: list[TrialRecord] = []
    stopped = []
    for trial in record.trials:
        known = max(0, (trial.number // 4 - 1) * 4)
        best = min(
            (earlier for earlier in whole if earlier.number < known),
            key=lambda earlier: np.mean(scores(record, earlier)),
            default=None,
        )
        expected = 10
        for looked in (4, 8):
            if best is None:
                continue
            differences = np.subtract(scores(record, trial)[:looked], scores(record, best)[:looked])
            if len(differences) == looked and wilcoxon(differences, alternative="greater").pvalue < 0.1:
                expected = looked
                break
        assert len(trial.results) == expected
        assert (trial.pruned is not None) == (expected < 10)
        if trial.pruned:
            assert best is not None
            words = f"plainly worse than trial {best.number} on the first {expected} of 10 replicates: "
            reached, other = (np.mean(scores(record, compared)[:expected]) for compared in (trial, best))
            assert trial.pruned == f"{words}{reached:.3g} against {other:.3g}"
            stopped.append(trial.number)
        else:
            whole.append(trial)
    assert 10 < len(stopped) < 39


def test_pruned_trials_are_shown_and_never_confirmed(record: StudyRecord, tmp_path: Path) -> None:
    numbers = [trial.number for trial in record.trials if trial.pruned]
    assert not any(trial.confirmation for trial in record.trials if trial.pruned)
    frame = leaderboard(standings(record))
    rows = frame[frame["status"] == "pruned"]
    assert sorted(rows["trial"]) == numbers
    assert set(rows["replicates"]) <= {4, 8}
    assert rows["reason"].str.startswith("plainly worse than trial").all()
    searched = frame[(frame["status"] == "searched") & (frame["kind"] == "trial")]
    assert rows["rank"].min() > searched["rank"].max()
    stored = RecordStore.open(tmp_path, "small").finished()[""]
    assert [trial.number for trial in stored if trial.state == TrialState.PRUNED] == numbers


def test_pruning_is_the_same_resumed_and_in_whatever_order_replicates_end(
    read: Read, pruned: StudyDefinition, record: StudyRecord, tmp_path: Path
) -> None:
    go(read(pruning=True, replicates=10, trials=13, confirm_top=0), tmp_path / "twice")
    assert timeless(go(pruned, tmp_path / "twice")) == timeless(record)

    @contextlib.contextmanager
    def threads() -> Iterator[Executor]:
        with ThreadPoolExecutor(7) as executor:
            yield executor

    assert timeless(go(pruned, tmp_path / "threads", threads)) == timeless(record)


def test_arms_are_compared_with_their_own(read: Read, tmp_path: Path) -> None:
    text = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')
    record = go(read(text, pruning=True, replicates=5, trials=20), tmp_path)
    stopped = [trial for trial in record.trials if trial.pruned]
    assert {trial.arm for trial in stopped} == {"variant=ae", "variant=vae"}
    for trial in stopped:
        assert trial.pruned is not None
        assert record.trials[int(trial.pruned.split()[4])].arm == trial.arm


def test_a_pruned_trial_is_told_by_how_much_it_was_worse() -> None:
    """Its draws were lucky ones for everybody: its plain mean, 0.79, would make it better than the best, 1."""
    best = (0.6, 0.7, 0.5, 0.6, 1.4, 1.3, 1.5, 1.4)
    pruner = Pruner()
    pruner.finish(0, best)
    worse = (0.8, 0.9, 0.7, 0.75)
    assert pruner.verdict(worse, known=1) is not None
    assert pruner.estimate(worse, known=1) == pytest.approx(1.0 + np.mean(np.subtract(worse, best[:4])))


def test_the_sampler_is_told_that(record: StudyRecord, tmp_path: Path) -> None:
    stored = RecordStore.open(tmp_path, "small").finished()[""]
    for trial in (trial for trial in record.trials if trial.pruned):
        assert trial.pruned is not None
        best = record.trials[int(trial.pruned.split()[4])]
        worse = np.mean(np.subtract(scores(record, trial), scores(record, best)[: len(trial.results)]))
        assert stored[trial.number].values == [pytest.approx(np.mean(scores(record, best)) + worse)]


def test_only_what_was_known_when_it_was_asked_counts() -> None:
    pruner = Pruner()
    pruner.finish(0, (2.0,) * 8)
    pruner.finish(1, None)
    pruner.finish(2, (1.0,) * 8)
    worse = (1.5,) * 4
    assert pruner.verdict(worse, known=0) is None
    assert pruner.verdict(worse, known=2) is None
    assert pruner.verdict(worse, known=3) == (
        "plainly worse than trial 2 on the first 4 of 8 replicates: 1.5 against 1"
    )
    assert pruner.verdict((9.0, 9.0, 9.0, 0.5), known=3) is None
    assert pruner.verdict((1.0,) * 4, known=3) is None
