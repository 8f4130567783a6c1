"""What a run tells: every step it says is as long as it said, and everything in the order that it happens."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cheap_evaluations import cheap, wide_fails, wide_raises
from small_studies import GRID, STUDY, Heard, evaluated_by, none_at_all

from vaebench.scoring import attainable
from vaebench.search import attainable_cache
from vaebench.search.attainable_cache import begin_attainable
from vaebench.search.events import (
    Advanced,
    ConfirmationStarted,
    Event,
    NothingToDo,
    SearchStarted,
    Step,
    TrialConfirmed,
    TrialFinished,
    unheard,
)
from vaebench.search.run import confirm, run
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition

Read = Callable[..., StudyDefinition]
SIMULATING = "simulating what the best baseline can reach"


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few draws of what is attainable be simulated, and kept in a folder of the test's."""
    monkeypatch.setattr("vaebench.search.run.begin_attainable", begin_attainable)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(attainable, "SCREENING", 3)
    monkeypatch.setattr(attainable_cache, "final_draws", lambda inputs: (3, 8))
    monkeypatch.setattr(attainable_cache, "PIECE", 2)


@pytest.mark.usefixtures("simulated")
def test_every_piece_of_every_step_is_done(definition: StudyDefinition, tmp_path: Path) -> None:
    heard = Heard()
    record = run(definition, home=tmp_path, executors=evaluated_by(cheap), observer=heard)
    baselines, confirmed = len(record.baselines), len(heard.confirmations)
    suitable = baselines - 4  # neither the noise floor nor bootstrap, beta_copula and smote, which copy rows
    assert heard.pieces == {
        "scoring the baselines": [2 * baselines] * 2,
        SIMULATING: [suitable + 3] * 2,  # 5 draws, 2 a piece
        "confirming": [confirmed * 4] * 2,
        "scoring the baselines on the same draws": [4 * baselines] * 2,
    }
    assert heard.fits == sum(len(trial.results) for trial in record.trials) == 20 * 2
    heard = Heard()
    run(replace(definition, name="other"), home=tmp_path, executors=evaluated_by(cheap), observer=heard)
    assert SIMULATING not in heard.pieces, "it is kept"


@pytest.mark.parametrize("evaluate", [wide_fails, wide_raises])
def test_pieces_that_fail_are_done_too(read: Read, tmp_path: Path, evaluate: object) -> None:
    heard = Heard()
    run(read(sampler="random"), home=tmp_path, executors=evaluated_by(evaluate), observer=heard)  # type: ignore[arg-type]
    again = "scoring the baselines on the same draws"
    assert set(heard.pieces) == {"scoring the baselines", "confirming", again}
    assert all(pieces == done > 0 for pieces, done in heard.pieces.values())
    assert heard.fits == 20 * 2


def kinds(events: list[Event]) -> list[str]:
    """Return the events' names, each once where it repeats."""
    names = [type(event).__name__ for event in events if not isinstance(event, Advanced)]
    return [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]


def test_events_come_in_the_order_of_what_happens(definition: StudyDefinition, tmp_path: Path) -> None:
    events: list[Event] = []

    def hear(event: Event) -> None:
        events.append(event)
        if isinstance(event, TrialFinished):
            assert RecordStore.open(tmp_path, "small").record().trials[-1] == event.trial, "persisted before it is told"
        if isinstance(event, TrialConfirmed):
            stored = RecordStore.open(tmp_path, "small").record().trials[event.trial.number]
            assert stored.confirmation == event.trial.confirmation

    run(definition, home=tmp_path, executors=evaluated_by(cheap), observer=hear, trials=4)
    told = ["TrialsToCome", "SearchStarted", "TrialFinished", "Step", "ConfirmationStarted", "TrialConfirmed", "Step"]
    assert kinds(events) == told
    (started,) = [event for event in events if isinstance(event, SearchStarted)]
    assert (len(started.record.trials), started.target) == (0, 4)
    (confirming,) = [event for event in events if isinstance(event, ConfirmationStarted)]
    assert confirming.trials == sum(isinstance(event, TrialConfirmed) for event in events)
    assert [event.trial.number for event in events if isinstance(event, TrialFinished)] == [0, 1, 2, 3]
    steps = [event.what for event in events if isinstance(event, Step)]
    assert steps == ["scoring the baselines", "scoring the baselines on the same draws"]


def test_where_there_is_nothing_to_do_no_step_is_told(read: Read, tmp_path: Path) -> None:
    run(read(GRID), home=tmp_path, executors=evaluated_by(cheap))
    events: list[Event] = []
    run(read(GRID), home=tmp_path, executors=none_at_all, observer=events.append)
    assert kinds(events) == ["SearchStarted", "NothingToDo"]
    events.clear()
    confirm("grid", home=tmp_path, executors=none_at_all, observer=events.append)
    assert kinds(events) == ["NothingToDo"]
    (nothing,) = events
    assert isinstance(nothing, NothingToDo)
    assert nothing.record == RecordStore.open(tmp_path, "grid").record()


def test_arms_have_a_target_together(read: Read, tmp_path: Path) -> None:
    heard = Heard()
    text = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')
    run(read(text, trials=3), home=tmp_path, executors=evaluated_by(cheap), observer=heard, confirm=False)
    assert heard.targets == [6]


def test_an_event_that_nobody_hears_is_no_error() -> None:
    unheard(Step("anything"))
