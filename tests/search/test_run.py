"""A study from its definition to its record, once and again.

Its confirmation: test_confirmation.py; its end by a signal: test_killed.py; what it tells: test_events.py.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from cheap_evaluations import wide_fails, wide_is_nan, wide_raises
from small_studies import GRID, STUDY, Heard, go, none_at_all, timeless

from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.scoring import attainable
from vaebench.scoring.score import mean_metrics, mean_score
from vaebench.search import attainable_cache
from vaebench.search.attainable_cache import begin_attainable
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import StudyRecord

Read = Callable[..., StudyDefinition]


def test_a_study_from_its_definition_to_its_leaderboard(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaebench.search.run.begin_attainable", begin_attainable)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(attainable, "SCREENING", 3)
    monkeypatch.setattr(attainable_cache, "final_draws", lambda inputs: (3, 8))
    monkeypatch.setattr(attainable_cache, "PIECE", 2)
    record = go(definition, tmp_path)
    inputs = replace(definition.replicate("attainable", 0), study_seed=0)
    assert record.attainable == attainable.attainable(inputs, screening=3, draws=5)
    assert {len(baseline.search) for baseline in record.baselines} == {2}
    assert {len(baseline.confirmation) for baseline in record.baselines} == {4}
    confirmed = sorted(trial.number for trial in record.trials if trial.confirmation)
    by_score = sorted(record.trials, key=lambda trial: mean_score(trial.results, record.attainable))
    assert confirmed == sorted(trial.number for trial in by_score[:3])
    assert len(leaderboard(standings(record))) == 20 + len(record.baselines)


def test_again_does_nothing_and_more_trials_add_the_missing(read: Read, tmp_path: Path) -> None:
    first = go(read(trials=60), tmp_path)
    heard = Heard()
    assert go(read(trials=60), tmp_path, executors=none_at_all, observer=heard) == first
    assert (heard.idle, heard.numbers, heard.targets) == (1, [], [60])
    heard = Heard()
    more = go(read(), tmp_path, trials=80, observer=heard)
    assert (heard.idle, heard.numbers, heard.targets) == (0, list(range(60, 80)), [80])
    assert [trial.results for trial in more.trials[:60]] == [trial.results for trial in first.trials]
    assert len(more.trials) == 80


def test_extended_is_as_run_at_once(read: Read, tmp_path: Path) -> None:
    go(read(trials=30, confirm_top=0), tmp_path / "twice")
    twice = go(read(trials=50), tmp_path / "twice")
    assert timeless(twice) == timeless(go(read(trials=50), tmp_path / "once"))


def test_extended_arms_try_what_they_would_have_tried_at_once(read: Read, tmp_path: Path) -> None:
    text = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')

    def tried(record: StudyRecord) -> dict[str, list[object]]:
        return {
            arm: [trial.params for trial in record.trials if trial.arm == arm] for arm in ("variant=ae", "variant=vae")
        }

    go(read(text, trials=6, confirm_top=0), tmp_path / "twice")
    twice = go(read(text, trials=10, confirm_top=0), tmp_path / "twice")
    assert tried(twice) == tried(go(read(text, trials=10, confirm_top=0), tmp_path / "once"))


def test_stopped_before_its_scale_is_known_a_study_can_be_looked_at(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("vaebench.search.run.begin_attainable", lambda *_: interrupted)
        with pytest.raises(KeyboardInterrupt):
            go(definition, tmp_path)
    stopped = RecordStore.open(tmp_path, "small").record()
    assert len(leaderboard(standings(stopped))) == 0
    assert timeless(go(definition, tmp_path)) == timeless(go(definition, tmp_path / "at once"))


@pytest.mark.parametrize(
    ("evaluate", "reason"),
    [
        (wide_fails, "overflow in epoch 3"),
        (wide_raises, "ValueError: latent_dim .* is too much"),
        (wide_is_nan, "ks is nan"),
    ],
)
def test_a_failure_is_its_trials_own(read: Read, tmp_path: Path, evaluate: object, reason: str) -> None:
    record = go(read(sampler="random", trials=30), tmp_path, evaluate)
    wide = [trial for trial in record.trials if int(str(trial.params["latent_dim"])) > 21]
    assert 5 < len(wide) < 25
    assert [trial for trial in record.trials if trial.reason] == wide
    for trial in wide:
        assert trial.reason is not None
        assert re.fullmatch(reason, trial.reason)
        assert len(trial.results) == 2
    store = RecordStore.open(tmp_path, "small")
    assert [trial.number for trial in store.finished()[""] if trial.state.name == "FAIL"] == [
        trial.number for trial in wide
    ]
    assert not any(trial.confirmation for trial in wide)
    again = go(read(sampler="random", trials=30), tmp_path, evaluate, executors=none_at_all)
    assert repr(again) == repr(record), "in words, since NaN equals nothing"


def test_a_pareto_search_and_a_comparison(read: Read, tmp_path: Path) -> None:
    text = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')
    record = go(read(text, objectives=("ks", "mean_error", "std_error"), trials=6), tmp_path)
    assert [trial.arm for trial in record.trials] == (["variant=ae"] * 4 + ["variant=vae"] * 4) + (
        ["variant=ae"] * 2 + ["variant=vae"] * 2
    )
    assert all(trial.arm == f"variant={trial.params['variant']}" for trial in record.trials)
    store = RecordStore.open(tmp_path, "small")
    first = record.trials[0]
    assert tuple(store.finished()["variant=ae"][0].values) == tuple(
        mean_metrics(first.results)[name] for name in ("ks", "mean_error", "std_error")
    )


def test_a_grid_ends_with_its_cells(read: Read, tmp_path: Path) -> None:
    heard = Heard()
    assert len(go(read(GRID), tmp_path, observer=heard).trials) == 18
    assert heard.targets == [18]
    assert len(go(read(GRID), tmp_path, executors=none_at_all, observer=heard).trials) == 18
    assert heard.idle == 1


def test_no_time_asks_for_nothing(definition: StudyDefinition, tmp_path: Path) -> None:
    assert go(definition, tmp_path, time_limit=0.0).trials == ()
