"""`vaebench run`, as users run it with two workers: what it says and leaves, and that again it does nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from command_line import STUDY, environment, process, tree
from whole_studies import BASELINES, Ran, alike, confirmed_trials, new_study, ranks, run_in_process

from vaebench.results.leaderboard import COLUMNS
from vaebench.scoring.baseline_scores import FLOOR
from vaebench.scoring.score import mean_score
from vaebench.tracking.store import open_client

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]
TRIALS = 12
NOTHING_TO_DO = rf"small: nothing to do, all {TRIALS} trials and the confirmation of [23] are there"
"""The best two are confirmed and, where both are of one variant, the best of the other."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the study in a process of its own, with two workers. No test may change it."""
    study = new_study(tmp_path_factory.mktemp("ran"), STUDY)
    ended = process("run", "small.toml", "--workers", 2, cwd=study.folder)
    assert ended.returncode == 0, ended.stderr
    return Ran(study.folder, ended.stdout, ended.stderr)


@pytest.fixture(scope="module")
def frame(ran: Ran) -> pd.DataFrame:
    return ran.leaderboard()


def test_the_run_says_what_it_does_and_what_to_do_next(ran: Ran, frame: pd.DataFrame) -> None:
    confirmed = len(confirmed_trials(frame))
    stamped = [line.split(" ", 1) for line in ran.stderr.splitlines()]
    assert all(re.fullmatch(r"\d+:\d\d", stamp) for stamp, _ in stamped), ran.stderr
    lines = [line for _, line in stamped]
    fits = confirmed * 6  # which are those of the diagnoses, too
    assert [line for line in lines if not line.startswith("  ")] == [
        "starting 2 workers",
        "loading TensorFlow in each",
        *["simulating what the best baseline can reach"] * ("simulating what the best baseline can reach" in lines),
        "searching: 0 of 12 trials done",
        *["scoring the baselines"] * ("scoring the baselines" in lines),  # unless they were done before the last trial
        f"confirming {confirmed} trials in {fits} fits on further draws",
        "scoring the baselines on the same draws",
        "writing runs, plots and models to MLflow",
    ]
    assert any(
        re.fullmatch(r"  12/12, best \d\.\d{3} \(trial \d+\), [1-9]\d* failed, [\d.]+ trials/s", line) for line in lines
    ), lines
    table, following = ran.stdout.split("\nNext:\n")
    assert max(map(len, ran.stdout.splitlines())) <= 100
    assert ranks(table) == list(range(1, 1 + len(ranks(table))))
    assert len(ranks(table)) > 5
    assert set(BASELINES) - {FLOOR} <= set(table.split())
    for command in following.strip().splitlines():
        assert command.split()[:1] + command.split()[2:3] == ["vaebench", "small"]


def test_optuna_has_every_trial_finished(ran: Ran) -> None:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    journal = str(ran.home / "studies" / "small" / "journal.log")
    study = optuna.load_study(storage=JournalStorage(JournalFileBackend(journal)), study_name="small")
    assert len(study.trials) == TRIALS
    assert all(trial.state.is_finished() for trial in study.trials)


def test_mlflow_has_a_nested_run_for_every_trial(ran: Ran, frame: pd.DataFrame) -> None:
    parent, runs = ran.nested_runs()
    assert len(runs) == TRIALS
    assert {run.info.status for run in (parent, *runs)} == {"FINISHED", "FAILED"}
    by_id = frame.set_index("mlflow_run_id")
    for run in runs:
        row = by_id.loc[run.info.run_id]
        failed = row["status"] == "failed"
        assert run.info.status == ("FAILED" if failed else "FINISHED")
        assert run.data.params["variant"] == row["variant"]
        assert failed or run.data.metrics["score"] == pytest.approx(row["metric.search_score"])
    assert open_client(ran.home).search_runs([parent.info.experiment_id], "attributes.status = 'RUNNING'") == []


def test_the_leaderboard_as_csv(frame: pd.DataFrame) -> None:
    assert tuple(frame.columns[: len(COLUMNS)]) == COLUMNS
    assert frame["kind"].value_counts().to_dict() == {"trial": TRIALS, "baseline": len(BASELINES) - 1, "floor": 1}
    assert frame["status"].value_counts()["confirmed"] == len(confirmed_trials(frame)) + len(BASELINES)
    assert set(confirmed_trials(frame)["variant"]) == {"ae", "vae"}
    assert len(confirmed_trials(frame)) in (2, 3)
    ranks = frame["rank"].dropna()
    assert list(ranks) == list(range(1, 1 + len(ranks)))
    assert set(frame[frame["status"] == "confirmed"]["replicates"]) == {6}


def test_a_failed_trial_stays_with_its_reason(frame: pd.DataFrame) -> None:
    failed = frame[frame["status"] == "failed"]
    assert len(failed) > 0
    assert set(failed["param.learning_rate"]) == {1e30}
    assert all("nan" in reason for reason in failed["reason"])
    assert failed["rank"].isna().all()
    assert failed["score"].isna().all()


def test_a_diagnosis_knows_what_the_rows_allow(ran: Ran) -> None:
    record = ran.record()
    unit = next(baseline for baseline in record.baselines if baseline.name == record.attainable.baseline)
    diagnosed = [trial for trial in record.trials if trial.diagnosis and trial.diagnosis.evidence]
    assert diagnosed
    for trial in diagnosed:
        assert trial.diagnosis is not None
        expected = mean_score(unit.confirmation, record.attainable)  # 6 draws, all of them diagnosed on
        assert trial.diagnosis.evidence["expected.score"] == pytest.approx(expected)


QUIET = """
import sys
from vaebench.cli import main

try:
    main()
finally:
    heavy = [name for name in ("tensorflow", "keras", "mlflow", "distributed", "sklearn") if name in sys.modules]
    print(f"imported: {heavy}", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["run", "small.toml"], NOTHING_TO_DO),
        (["confirm", "small"], NOTHING_TO_DO),
        (["leaderboard", "small"], ""),
        (["status", "small"], ""),
        (["check", "small.toml"], ""),
        (["--help"], ""),
    ],
)
def test_what_needs_no_training_starts_nothing_heavy_and_writes_nothing(
    ran: Ran, command: list[str], words: str
) -> None:
    before = tree(ran.home)
    ended = subprocess.run(
        [sys.executable, "-c", QUIET, *command],
        cwd=ran.folder, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    *said, imported = ended.stderr.splitlines()
    assert imported == "imported: []"
    assert len(said) == bool(words)
    assert all(re.match(words, line) for line in said)
    assert tree(ran.home) == before


def test_workers_do_not_change_the_result(ran: Ran, frame: pd.DataFrame, tmp_path: Path) -> None:
    alike(run_in_process(tmp_path).leaderboard(), frame)
