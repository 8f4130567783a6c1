"""A trial that is plainly worse stops early, and only such a trial."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from cheap_evaluations import cheap
from optuna.trial import TrialState
from scipy.stats import binom, wilcoxon
from small_studies import STUDY, evaluated_by, in_process, timeless

from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.scoring.score import score
from vaebench.search.pruning import ERROR, Pruner, levels
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
        earlier = [other for other in whole if other.number < known]
        expected, best = 10, None
        for looked, level in ((4, 1 / 16), (8, 0.1 - 1 / 16)):
            if not earlier:
                continue
            best = min(earlier, key=lambda other: np.mean(scores(record, other)[looked:]))
            differences = np.subtract(scores(record, trial)[:looked], scores(record, best)[:looked])
            if len(differences) == looked and wilcoxon(differences, alternative="greater").pvalue <= level:
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


@pytest.mark.parametrize("replicates", [5, 8, 9, 16, 50])
def test_the_levels_of_all_looks_are_the_error_and_each_can_be_reached(replicates: int) -> None:
    found = levels(replicates)
    assert list(found) == list(range(4, replicates, 4))
    assert sum(found.values()) == pytest.approx(ERROR)
    assert all(0.5**looked <= level for looked, level in found.items())
    if replicates == 16:
        assert found == pytest.approx({4: 0.0625, 8: 0.01875, 12: 0.01875})
    assert levels(4) == {}


def pruned_share(earlier: int, worse_by: float, *, studies: int = 400) -> float:
    """Return how often a trial is pruned that has as many equal ones before it, by its mean score over 16 draws.

    The noise of the draws is shared by all trials, that of training is skewed, as that of scores is.
    """
    random, stopped = np.random.default_rng(0), 0
    for _ in range(studies):
        values = random.normal(size=16) + random.gamma(2.0, size=(earlier + 1, 16))
        pruner = Pruner(16)
        for number in range(earlier):
            pruner.finish(number, tuple(values[number]))
        own = tuple(values[earlier] + worse_by)
        stopped += any(pruner.verdict(own[:looked], earlier) is not None for looked in (4, 8, 12))
    return stopped / studies


@pytest.mark.parametrize("earlier", [1, 30])
def test_a_trial_as_good_as_the_best_is_seldom_pruned(earlier: int) -> None:
    """Not even with 30 equal ones before it: the luckiest of these is not what it is compared with."""
    assert 0.03 < pruned_share(earlier, 0.0) <= binom(400, ERROR).ppf(0.999) / 400


def test_a_trial_that_is_worse_is_pruned() -> None:
    assert pruned_share(30, 2.0) > 0.9  # by 1.4 standard deviations of the noise


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
    best = (0.6, 0.7, 0.5, 0.6, 1.4, 1.3, 1.5, 1.4)  # mean 1
    pruner = Pruner(8)
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
    pruner = Pruner(8)
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
