"""How long a run still takes, judged by what is finished."""

from dataclasses import replace

import pytest
from hand_made import DEFINITION

from vaebench.cli.time_left import KEPT, LATEST, WRITING, WRITING_EACH, TimeLeft
from vaebench.study.definition import Arm, StudyDefinition
from vaebench.study.records import Result, TrialRecord
from vaebench.study.space import OneOf, Space

STUDY = replace(DEFINITION, confirm_top=2, confirm_replicates=20, batch=4)


def finished(
    number: int, fits: int, *, seconds: float = 1.0, pruned: bool = False, failed: bool = False
) -> TrialRecord:
    results = tuple(Result(reason="overflow" if failed else None, seconds=seconds) for _ in range(fits))
    return TrialRecord(number, {"variant": "vae"}, results, 0.0, 0.0, pruned="plainly worse" if pruned else None)


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def time_left(study: StudyDefinition, target: int, clock: Clock, trials: list[TrialRecord]) -> TimeLeft:
    left = TimeLeft(study, target, began=0.0, clock=clock)
    for trial in trials:
        left.add(trial)
        left.seconds += [result.seconds for result in trial.results]
    return left


def test_before_the_first_trial_nothing_is_known(clock: Clock) -> None:
    assert time_left(STUDY, 100, clock, []).from_search(0) is None


def test_it_counts_pruning_confirmation_and_what_follows(clock: Clock) -> None:
    """40 of 100 trials in 128 s on two workers: 8 unpruned of 16 fits, 32 pruned of 4; a fit takes 1 s, all alike."""
    study = replace(STUDY, trials=100, replicates=16, pruning=True)
    trials = [finished(number, 16 if number < 8 else 4, pruned=number >= 8) for number in range(40)]
    left = time_left(study, 100, clock, trials)
    clock.now = (8 * 16 + 32 * 4) / 2
    search, confirmation = 60 * 4 / 2, 2 * 20 / 2
    assert left.from_search(40) == pytest.approx(search + confirmation + left.writing)
    assert left.rate == pytest.approx(40 / clock.now)


def test_the_fits_to_come_are_as_many_as_the_latest_trials_had(clock: Clock) -> None:
    study = replace(STUDY, confirm_top=0, replicates=16, pruning=True)
    early = [finished(number, 16) for number in range(20)]
    late = [finished(20 + number, 4, pruned=True) for number in range(LATEST)]
    left = time_left(study, 100, clock, early + late)
    clock.now = 20 * 16 + LATEST * 4
    to_come = 100 - 20 - LATEST
    assert left.from_search(20 + LATEST) == pytest.approx(to_come * 4 + left.writing)


def test_at_first_it_counts_the_fits_under_way_and_the_pruning_to_come(clock: Clock) -> None:
    """One trial of 16 fits is finished and 40 more fits have come back, in 56 s: a fit takes 1 s."""
    study = replace(STUDY, confirm_top=0, replicates=16, pruning=True)
    left = time_left(study, 100, clock, [finished(0, 16)])
    left.seconds += [1.0] * 40
    clock.now = 56.0
    assert left.from_search(1) == pytest.approx(99 * KEPT * 16 - 40 + left.writing)


def test_without_pruning_every_trial_has_all_its_replicates(clock: Clock) -> None:
    left = time_left(replace(STUDY, confirm_top=0, replicates=5), 100, clock, [finished(0, 5), finished(1, 1)])
    clock.now = 6.0
    assert left.from_search(2) == pytest.approx(98 * 5 + left.writing)


@pytest.mark.parametrize(
    ("top", "variants", "confirmed"),
    [(0, ["vae"], 0), (2, ["vae"], 2), (2, ["vae", "ae"], 3), (50, ["vae", "ae"], 10)],
    ids=["none", "the best", "and the best of another variant", "no more than there are"],
)
def test_every_trial_that_will_be_confirmed_counts(clock: Clock, top: int, variants: list[str], confirmed: int) -> None:
    arm = Arm(name="", space=Space({"variant": OneOf({variant: {} for variant in variants})}))
    study = replace(STUDY, confirm_top=top, arms=(arm,))
    left = time_left(study, 10, clock, [finished(0, 1), finished(1, 1)])
    clock.now = 2.0  # one worker, a second each
    assert left.from_search(10) == pytest.approx(confirmed * 20 + left.writing)


def test_what_is_confirmed_takes_as_long_as_trials_that_came_through(clock: Clock) -> None:
    """A failed trial took 1 s, one that came through 3 s, one after the other."""
    study = replace(STUDY, confirm_top=1, confirm_replicates=10)
    left = time_left(study, 2, clock, [finished(0, 1, seconds=1.0, failed=True), finished(1, 1, seconds=3.0)])
    clock.now = 4.0
    assert left.from_search(2) == pytest.approx(10 * 3 + left.writing)


def test_a_fit_that_loads_its_program_tells_nothing_of_those_to_come(clock: Clock) -> None:
    """Of 11 fits on two workers, the first took 8 s and the others 1 s."""
    left = time_left(replace(STUDY, confirm_top=0, replicates=11), 3, clock, [finished(0, 11)])
    left.seconds[0] = 8.0
    clock.now = (8 + 10) / 2
    assert left.from_search(1) == pytest.approx(2 * 11 / 2 + left.writing)


def test_the_last_step_takes_longer_the_more_trials_there_are(clock: Clock) -> None:
    assert time_left(STUDY, 0, clock, []).writing == WRITING
    assert time_left(STUDY, 1000, clock, []).writing == WRITING + 1000 * WRITING_EACH


def test_the_time_counts_from_when_the_first_trial_began(clock: Clock) -> None:
    left = TimeLeft(replace(STUDY, confirm_top=0, replicates=1), 4, began=50.0, clock=clock, seconds=[50.0])
    left.add(replace(finished(0, 1, seconds=50.0), started=10.0))
    clock.now = 60.0
    assert left.rate == pytest.approx(1 / 50)
    assert left.from_search(1) == pytest.approx(3 * 50 + left.writing)
