"""A journal is read as Optuna reads it, and written as Optuna writes it (replay, trial_lines)."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from cheap_evaluations import cheap, wide_fails
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState, create_trial
from pydantic import TypeAdapter
from small_studies import STUDY, evaluated_by, go

from vaebench.errors import InputError
from vaebench.files import study_folder
from vaebench.search.replay import Replayed, replay
from vaebench.search.run import run
from vaebench.search.store import RecordStore
from vaebench.search.trial_lines import frozen_trial
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result, TrialRecord

Read = Callable[..., StudyDefinition]
ARMS = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')


def optunas(path: Path, name: str) -> optuna.Study:
    return optuna.load_study(study_name=name, storage=JournalStorage(JournalFileBackend(str(path))))


def replayed(path: Path, name: str) -> tuple[Replayed, list[FrozenTrial]]:
    trials: list[FrozenTrial] = []
    return replay(path, name, lambda line: trials.append(frozen_trial(line, len(trials)))), trials


def without_attributes(trial: FrozenTrial) -> FrozenTrial:
    """Return what Optuna reads without what only the record needs, and without the storage's own id."""
    trial.user_attrs, trial._trial_id = {}, -1
    return trial


def check_as_optuna(path: Path, name: str) -> None:
    """Check that replaying the journal gives what Optuna makes of it, to the last digit."""
    study, (found, trials) = optunas(path, name), replayed(path, name)
    of_optuna = TypeAdapter(list[TrialRecord]).validate_python([trial.user_attrs["record"] for trial in study.trials])
    read: list[Any] = []
    replay(path, name, lambda line: read.append(line["user_attrs"]["record"]))
    assert repr(TypeAdapter(list[TrialRecord]).validate_python(read)) == repr(of_optuna)
    assert repr(found.attributes) == repr(study.user_attrs)
    assert (found.study, found.trials) == (study._study_id, len(study.trials))
    assert repr(trials) == repr([without_attributes(trial) for trial in study.trials])
    assert replay(path, name) == found, "without reading the trials"


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_record_of_an_earlier_version_is_read_as_optuna_reads_it(name: str) -> None:
    check_as_optuna(Path(__file__).parent / f"{name}_record" / "journal.log", name)


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "qmc"])
def test_a_record_is_read_as_optuna_reads_it(read: Read, tmp_path: Path, sampler: str) -> None:
    objectives = ("ks", "mean_error", "std_error") if sampler == "nsga2" else ("score",)
    go(read(ARMS, sampler=sampler, objectives=objectives, trials=30), tmp_path, wide_fails)
    check_as_optuna(study_folder(tmp_path, "small") / "journal.log", "small")


@pytest.mark.parametrize("objectives", [("score",), ("ks", "std_error")])
def test_a_trial_is_written_as_optuna_would_write_it(read: Read, tmp_path: Path, objectives: tuple[str, ...]) -> None:
    go(read(ARMS, objectives=objectives), tmp_path, wide_fails, confirm=False)
    path = study_folder(tmp_path, "small") / "journal.log"
    study, again = optunas(path, "small"), tmp_path / "again.log"
    storage = JournalStorage(JournalFileBackend(str(again)))
    copy = optuna.create_study(study_name="small", storage=storage, directions=study.directions)
    for name, value in study.user_attrs.items():
        copy.set_user_attr(name, value)
    copy.add_trials(study.trials)

    def lines(file: Path) -> list[str]:
        """Return the lines as they are but for their order and who wrote them."""
        found = [json.loads(line) | {"worker_id": ""} for line in file.read_text().splitlines()]
        return sorted(json.dumps(line) for line in found)

    first, last = (json.loads(text) for text in (lines(path)[0], lines(path)[-1]))
    assert first["op_code"] == 0
    assert last["op_code"] == 4
    written = [line for line in lines(path) if '"op_code": 2' not in line]
    assert written == [line for line in lines(again) if '"op_code": 2' not in line]


def test_other_studies_in_the_journal_are_left_alone(definition: StudyDefinition, tmp_path: Path) -> None:
    path = study_folder(tmp_path, "small") / "journal.log"
    path.parent.mkdir(parents=True)
    storage = JournalStorage(JournalFileBackend(str(path)))
    other = optuna.create_study(study_name="other", storage=storage)
    other.set_user_attr("definition", {})
    with pytest.raises(InputError, match="has not begun"):
        RecordStore.open(tmp_path, "small")
    record = run(definition, home=tmp_path, executors=evaluated_by(cheap), confirm=False)
    other.add_trial(create_trial(value=1.0))
    assert len(record.trials) == 20
    assert RecordStore.open(tmp_path, "small").record() == record
    assert RecordStore.open(tmp_path, "small").count == 20
    check_as_optuna(path, "small")


def test_what_optunas_tools_add_to_a_record_does_no_harm(definition: StudyDefinition, tmp_path: Path) -> None:
    record = run(definition, home=tmp_path, executors=evaluated_by(cheap), confirm=False)
    study = optunas(study_folder(tmp_path, "small") / "journal.log", "small")
    study._storage.set_study_system_attr(study._study_id, "dashboard:note", "seen")
    study.set_user_attr("note", "seen")
    assert RecordStore.open(tmp_path, "small").record() == record


def test_text_that_is_no_unicode_is_read(definition: StudyDefinition, tmp_path: Path) -> None:
    def fail(*_: object) -> Result:
        return Result(reason="no file b\udce4r.csv")

    record = run(definition, home=tmp_path, executors=evaluated_by(fail), confirm=False)
    assert record.trials[0].reason == "no file b\udce4r.csv"


def test_states_are_those_of_optuna(definition: StudyDefinition, tmp_path: Path) -> None:
    run(definition, home=tmp_path, executors=evaluated_by(wide_fails), confirm=False)
    trials = RecordStore.open(tmp_path, "small").finished()[""]
    assert {trial.state for trial in trials} == {TrialState.COMPLETE, TrialState.FAIL}


def test_reading_a_record_does_not_wait_for_optuna(tmp_path: Path) -> None:
    folder = study_folder(tmp_path, "first")
    folder.mkdir(parents=True)
    (folder / "journal.log").write_bytes((Path(__file__).parent / "first_record" / "journal.log").read_bytes())
    code = "import sys, vaebench; vaebench.status('first', home=sys.argv[1]); print('optuna' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
