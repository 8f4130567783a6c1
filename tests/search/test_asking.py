"""What is asked next: by every sampler (samplers, suggesters), batch by batch, resumed from any point."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from optuna.trial import FrozenTrial, TrialState
from scipy.stats.qmc import Sobol
from small_studies import GRID, STUDY

from vaebench.search import asking
from vaebench.search.asking import Asker, batches
from vaebench.seeds import derive
from vaebench.study.definition import StudyDefinition
from vaebench.study.spec import Spec

SAMPLERS = ("tpe", "random", "nsga2", "qmc")


def finish(asked: FrozenTrial, objectives: int, offset: float = 0.0) -> FrozenTrial:
    """Return what the store would return for it: every fifth trial fails."""
    dim = asked.params["latent_dim"]
    failed = dim % 5 == 0
    return FrozenTrial(
        number=asked.number,
        trial_id=-1,
        state=TrialState.FAIL if failed else TrialState.COMPLETE,
        value=None,
        values=None if failed else [abs(dim - 7) + offset, dim + offset, -dim][:objectives],
        datetime_start=asked.datetime_start,
        datetime_complete=asked.datetime_start,
        params=asked.params,
        distributions=asked.distributions,
        user_attrs={},
        system_attrs=asked.system_attrs,
        intermediate_values={},
    )


def go_on(
    definition: StudyDefinition, finished: list[FrozenTrial], until: int, better_from: int = 10**9
) -> tuple[list[dict[str, Any]], list[FrozenTrial]]:
    """Ask and finish in order up to trial `until`, one batch ahead; results from `better_from` on are better."""
    asker = Asker(definition, definition.arms[0], finished)
    outcomes, points, asked = list(finished), [], []
    while len(outcomes) < until:
        while asker.asked < until and asker.asked // definition.batch < len(outcomes) // definition.batch + 2:
            values, trial = asker.ask()
            points.append(values)
            asked.append(trial)
        offset = -1000.0 if len(outcomes) >= better_from else 0.0
        outcome = finish(asked[len(outcomes) - len(finished)], len(definition.objectives), offset)
        asker.finish(outcome)
        outcomes.append(outcome)
    return points, outcomes


@pytest.mark.parametrize("objectives", [("score",), ("ks", "mean_error", "std_error")], ids=["one", "three"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_resumed_anywhere_the_search_goes_the_same_way(
    read: Callable[..., StudyDefinition], sampler: str, objectives: tuple[str, ...]
) -> None:
    definition = read(sampler=sampler, objectives=objectives)
    points, outcomes = go_on(definition, [], 70)
    for point in points:
        Spec.from_flat(point)
    assert len({str(point) for point in points}) == 70
    for cut in (1, 13, 27, 44, 69):
        assert go_on(definition, outcomes[:cut], 70)[0] == points[cut:]


def test_resumed_after_forgetting_trials_the_search_goes_the_same_way(
    definition: StudyDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "REMEMBERED", 25)
    monkeypatch.setattr(asking, "BLOCK", 10)
    points, outcomes = go_on(definition, [], 70)
    for cut in (29, 30, 31, 55):
        assert go_on(definition, outcomes[:cut], 70)[0] == points[cut:]
    monkeypatch.setattr(asking, "REMEMBERED", 70)
    everything, _ = go_on(definition, [], 70)
    assert everything[:40] == points[:40]  # of the first 36, 7 or 8 failed: there is nothing to forget yet
    assert everything != points


def test_the_best_and_the_latest_are_remembered(definition: StudyDefinition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "REMEMBERED", 10)
    _, outcomes = go_on(definition, [], 60)
    complete = [trial for trial in outcomes if trial.state == TrialState.COMPLETE]
    kept = asking.remembered(outcomes)
    assert kept[-8:] == complete[-8:]
    first, second = sorted(trial.values[0] for trial in complete[:-8])[:2]
    assert sorted(trial.values[0] for trial in kept[:-8]) == [first, second]


def test_what_is_asked_knows_all_but_the_last_batch(definition: StudyDefinition) -> None:
    points, _ = go_on(definition, [], 40)
    others, _ = go_on(definition, [], 40, better_from=20)
    assert others[:28] == points[:28]  # trials 24 to 27 are asked before the results of 20 to 23 are known
    assert others[28:32] != points[28:32]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_asking_warns_of_nothing(read: Callable[..., StudyDefinition], sampler: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        go_on(read(sampler=sampler), [], 20)
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_samplers_learn(read: Callable[..., StudyDefinition], sampler: str) -> None:
    points, _ = go_on(read(sampler=sampler), [], 120)
    distance = [abs(point["latent_dim"] - 7) for point in points]
    assert np.mean(distance[80:]) < 0.6 * np.mean(distance[:20])


def test_qmc_is_scipys_sobol_sequence(read: Callable[..., StudyDefinition]) -> None:
    definition = read(sampler="qmc")
    space = definition.arms[0].space
    sequence = Sobol(space.dimensions, scramble=True, rng=derive("sobol", derive("sobol", 3, ""))).random(32)
    _, outcomes = go_on(definition, [], 32)
    for trial, point in zip(outcomes, sequence, strict=True):
        assert trial.params == space.unit_point([float(u) for u in point])


def test_a_grid_visits_every_cell_once(read: Callable[..., StudyDefinition]) -> None:
    definition = read(GRID)
    assert sum(count for _, count in batches(definition, {"": 0})) == 18  # 3 * 2 * (ae + 2 of vae)
    points, outcomes = go_on(definition, [], 18)
    assert len({str(point) for point in points}) == 18
    assert go_on(definition, outcomes[:7], 18)[0] == points[7:]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_combination_is_tried_twice_and_all_are_if_there_is_time(
    read: Callable[..., StudyDefinition], sampler: str
) -> None:
    definition = read(GRID.replace('sampler = "grid"', f'sampler = "{sampler}"'))
    assert definition.targets == {"": 18}
    points, outcomes = go_on(definition, [], 18)
    assert len({str(sorted(point.items())) for point in points}) == 18
    for cut in (1, 6, 13, 17):
        assert go_on(definition, outcomes[:cut], 18)[0] == points[cut:]


def test_steps_that_add_up_to_other_digits_are_the_same_combination(read: Callable[..., StudyDefinition]) -> None:
    text = GRID.replace("batch_norm = { choice = [false, true] }", "dropout = { float = [0.0, 0.3], step = 0.1 }")
    for sampler in ("random", "tpe"):
        definition = read(text.replace('sampler = "grid"', f'sampler = "{sampler}"'))
        points, _ = go_on(definition, [], 36)
        rounded = [{**point, "dropout": round(point["dropout"], 6)} for point in points]
        assert len({str(sorted(point.items())) for point in rounded}) == 36


def test_arms_take_turns_and_go_on_in_the_middle_of_one(read: Callable[..., StudyDefinition]) -> None:
    text = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')
    definition = read(text, trials=10)
    ae, vae = "variant=ae", "variant=vae"
    assert list(batches(definition, {ae: 0, vae: 0})) == [(ae, 4), (vae, 4), (ae, 4), (vae, 4), (ae, 2), (vae, 2)]
    assert list(batches(definition, {ae: 6, vae: 4})) == [(ae, 2), (vae, 4), (ae, 2), (vae, 2)]
    assert list(batches(definition, {ae: 10, vae: 10})) == []
