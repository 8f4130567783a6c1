"""A study's record on disk (store, journal): exact, readable by Optuna, whole after any kill."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from cheap_evaluations import cheap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_studies import Heard, evaluated_by

from vaebench.errors import InputError
from vaebench.files import study_folder, study_names
from vaebench.search.asking import Asker
from vaebench.search.run import run
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Attainable, BaselineRecord, Result, TrialRecord
from vaebench.study.spec import Spec

SCALE = Attainable(
    {"ks": 0.1 + 0.2, "mean_error": 1.0, "std_error": 1.0},
    {"ks": 0.003, "mean_error": 0.02, "std_error": 0.03},
    "gaussian",
    2000,
    "score",
)
floats = st.floats(allow_nan=False)
result = st.builds(
    Result,
    metrics=st.dictionaries(st.text(), floats),
    curves=st.dictionaries(st.text(), st.lists(st.tuples(st.integers(1, 10**5), floats)).map(tuple)),
    reason=st.none() | st.text(min_size=1),
    epochs=st.integers(0, 10**5),
    started=floats,
    seconds=floats,
)


def journal(home: Path, name: str = "small") -> Path:
    return study_folder(home, name) / "journal.log"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    results=st.lists(result, min_size=1, max_size=3).map(tuple),
    confirmation=st.lists(result, max_size=3).map(tuple),
    seed=st.integers(0, 2**63 - 1),
)
def test_what_is_stored_comes_back_exactly(
    definition: StudyDefinition,
    tmp_path_factory: pytest.TempPathFactory,
    results: tuple[Result, ...],
    confirmation: tuple[Result, ...],
    seed: int,
) -> None:
    home = tmp_path_factory.mktemp("home")
    store = RecordStore.create_or_open(home, definition)
    _, asked = Asker(definition, definition.arms[0], []).ask()
    trial = TrialRecord(number=0, params=Spec(seed=seed).flat(), results=results, started=1.25, ended=2e9 + 1 / 3)
    floor = BaselineRecord(name="truth", kind="floor", search=results, confirmation=confirmation)
    store.add(asked, trial, None if trial.reason else (1 / 3,))
    store.set_attainable(SCALE)
    store.set_baseline(floor)
    store.set_confirmation(0, confirmation)
    record = RecordStore.open(home, "small").record()
    assert record == store.record()
    assert record.trials == (replace(trial, confirmation=confirmation),)
    assert record.baselines == (floor,)
    assert record.attainable == SCALE
    assert record.attainable.source == (
        "gaussian, 2000 draws, standard errors 1.0%, 2.0%, 3.0% (ks, mean_error, std_error), "
        "the best of those that copy no rows by all of these together"
    )
    assert record.columns == definition.data_set.columns


def test_optuna_itself_reads_the_journal(definition: StudyDefinition, tmp_path: Path) -> None:
    record = run(definition, home=tmp_path, executors=evaluated_by(cheap))
    backend = optuna.storages.journal.JournalFileBackend(str(journal(tmp_path)))
    study = optuna.load_study(study_name="small", storage=optuna.storages.JournalStorage(backend))
    assert [trial.number for trial in study.trials] == [trial.number for trial in record.trials] == list(range(20))
    assert {trial.state.name for trial in study.trials} == {"COMPLETE"}
    assert [trial.params["latent_dim"] for trial in study.trials] == [
        trial.params["latent_dim"] for trial in record.trials
    ]


def test_a_trial_is_one_line(definition: StudyDefinition, tmp_path: Path) -> None:
    run(definition, home=tmp_path, executors=evaluated_by(cheap), confirm=False)
    lines = [json.loads(line) for line in journal(tmp_path).read_text().splitlines()]
    assert sum("state" in line for line in lines) == 20
    assert all(line["user_attrs"]["record"]["results"] for line in lines if "state" in line)


def test_another_definition_is_refused_and_nothing_is_written(
    read: Callable[..., StudyDefinition], tmp_path: Path
) -> None:
    RecordStore.create_or_open(tmp_path, read())
    before = journal(tmp_path).read_bytes()
    with pytest.raises(InputError, match=r"(?s)'small'.*study\.seed: 3 -> 4"):
        RecordStore.create_or_open(tmp_path, read(seed=4))
    assert journal(tmp_path).read_bytes() == before


def test_more_trials_are_no_other_definition(read: Callable[..., StudyDefinition], tmp_path: Path) -> None:
    RecordStore.create_or_open(tmp_path, read())
    store = RecordStore.create_or_open(tmp_path, read(trials=80, confirm_top=9))
    assert store.definition == read(trials=80, confirm_top=9)


def test_a_study_that_nobody_ran_lists_the_known_ones(definition: StudyDefinition, tmp_path: Path) -> None:
    RecordStore.create_or_open(tmp_path, definition)
    assert study_names(tmp_path) == ["small"]
    with pytest.raises(InputError, match=r"unknown study 'smal'; did you mean 'small'\? \(known: small\)"):
        RecordStore.open(tmp_path, "smal")
    with pytest.raises(InputError, match=r"known: none"):
        RecordStore.open(tmp_path / "nowhere", "small")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.999])
def test_a_torn_last_line_is_left_out_and_cut_off(definition: StudyDefinition, tmp_path: Path, kept: float) -> None:
    run(definition, home=tmp_path, executors=evaluated_by(cheap), confirm=False)
    lines = journal(tmp_path).read_bytes().splitlines(keepends=True)
    place = max(place for place, line in enumerate(lines) if line.startswith(b'{"op_code":4,'))  # baselines come after
    journal(tmp_path).write_bytes(b"".join(lines[:place]) + lines[place][: int(kept * len(lines[place]))])
    assert len(RecordStore.open(tmp_path, "small").record().trials) == 19
    heard = Heard()
    run(definition, home=tmp_path, executors=evaluated_by(cheap), observer=heard, confirm=False)
    assert heard.numbers == [19]
    assert len(RecordStore.open(tmp_path, "small").record().trials) == 20


def test_a_file_without_any_newline_is_all_torn(definition: StudyDefinition, tmp_path: Path) -> None:
    journal(tmp_path).parent.mkdir(parents=True)
    journal(tmp_path).write_bytes(b'{"op_code":0,"study_na' + b"x" * 200_000)
    with pytest.raises(InputError, match="run it again"):
        RecordStore.open(tmp_path, "small")
    assert RecordStore.create_or_open(tmp_path, definition).count == 0
