"""Selection optimism: what the search promised of the trials it chose, less what the draws explain."""

import dataclasses

import pytest
from hand_made import ATTAINABLE, baseline, floor, record, trial

from vaebench.results.optimism import optimism
from vaebench.results.standings import standings


def test_selection_optimism_is_what_the_draws_do_not_explain() -> None:
    found = optimism(
        standings(
            record(
                trial(0, [0.5, 0.9], [1.2] * 8),
                trial(1, [0.9, 0.9], [1.4] * 8),
                trial(2, [0.1, 0.1]),  # not confirmed
                trial(3, [0.2, 0.2], [0.5, None]),  # failed there
                baselines=[
                    baseline("gaussian", [0.95, 1.05], [1.1] * 8),
                    baseline("kde", [1.3, 1.5], [1.4] * 8),
                    floor([0.1, 0.1], [0.1] * 8),
                ],
            )
        )
    )
    assert found is not None
    assert (found.searched, found.confirmed, found.baseline) == (pytest.approx(0.8), pytest.approx(1.3), "gaussian")
    assert found.trials == 2
    assert found.draws == pytest.approx(0.1)
    assert found.selection == pytest.approx(0.4)
    assert found.error == pytest.approx(0.05)  # s - b is -0.25 and -0.15 on the search's draws, steady on the others


def test_the_draws_difficulty_is_that_of_the_baseline_that_scores_are_in_units_of() -> None:
    baselines = [
        baseline("kde", [1.0, 1.0], [0.9] * 8),
        baseline("gmm", [1.0, 1.0], [1.2] * 8),
        baseline("true_family", [1.0, 1.0], [0.8] * 8),
        baseline("bootstrap", [1.0, 1.0], [0.7] * 8),
    ]
    study = record(trial(0, [0.8, 0.8], [1.3] * 8), trial(1, [0.9, 0.9]), baselines=baselines)

    def found_with(unit: str) -> tuple[str, float, float]:
        found = optimism(
            standings(dataclasses.replace(study, attainable=dataclasses.replace(ATTAINABLE, baseline=unit)))
        )
        assert found is not None
        return found.baseline, found.draws, found.selection

    assert found_with("gmm") == ("gmm", pytest.approx(0.2), pytest.approx(0.3))
    best_other = ("kde", pytest.approx(-0.1), pytest.approx(0.6))
    assert found_with("true_family") == best_other, "an oracle's luck is not that of trials"
    assert found_with("bootstrap") == best_other


def test_a_single_draw_has_no_standard_error() -> None:
    study = record(trial(0, [0.8], [1.3] * 8), trial(1, [0.9]), baselines=[baseline("kde", [1.0], [1.0] * 8)])
    found = optimism(standings(study))
    assert found is not None
    assert found.error != found.error


def test_there_is_none_without_confirmation() -> None:
    assert optimism(standings(record(trial(0, [1.0]), baselines=[baseline("gaussian", [1.0])]))) is None


def test_there_is_none_where_all_trials_were_confirmed() -> None:
    """None was chosen, so none has the luck of it; one that failed was not passed over for its score."""
    baselines = [baseline("gaussian", [1.0], [1.0] * 8)]
    every = [trial(0, [0.8], [1.3] * 8), trial(1, [0.9], [1.3] * 8), trial(2, [None])]
    assert optimism(standings(record(*every, baselines=baselines))) is None
    pruned = dataclasses.replace(trial(3, [5.0]), pruned="plainly worse than trial 0")
    assert optimism(standings(record(*every, pruned, baselines=baselines))) is not None
