"""One small study, run as users run it with two workers, and all that one can do with it afterwards."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import STUDY, environment, invoke, process, tree

import vaebench
from vaebench.data_sets.distribution import Distribution
from vaebench.results.leaderboard import COLUMNS
from vaebench.scoring.baseline_scores import FLOOR, baseline_names
from vaebench.scoring.score import mean_score
from vaebench.search.store import RecordStore
from vaebench.tracking.ids import read_ids
from vaebench.tracking.store import open_client

pytestmark = [
    # Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
TRIALS, GENERATED = 12, 2000
BASELINES = baseline_names(Distribution())
NOTHING_TO_DO = rf"small: nothing to do, all {TRIALS} trials and the confirmation of [23] are there"
"""The best two are confirmed and, where both are of one variant, the best of the other."""
CHANGES = ["seconds", "mlflow_run_id"]
"""The leaderboard's columns that differ between two runs of one study."""


@dataclass(frozen=True)
class Ran:
    """A study that was run, and what the command said."""

    folder: Path
    stdout: str
    stderr: str
    name: str = "small"

    @property
    def home(self) -> Path:
        return self.folder / "runs"

    @property
    def study(self) -> Path:
        return self.folder / f"{self.name}.toml"

    def leaderboard(self) -> pd.DataFrame:
        path = self.folder / "leaderboard.csv"
        invoke("leaderboard", self.name, "--home", self.home, "--csv", path)
        return pd.read_csv(path, float_precision="round_trip")

    def generate(self, *arguments: object) -> bytes:
        path = self.folder / "new.csv"
        invoke("generate", self.name, "--home", self.home, "-o", path, *arguments)
        return path.read_bytes()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the study in a process of its own, with two workers. No test may change it."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "small.toml").write_text(STUDY)
    ended = process("run", "small.toml", "--workers", 2, cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return Ran(folder, ended.stdout, ended.stderr)


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the study once more, in this process."""
    folder = tmp_path_factory.mktemp("in_process")
    (folder / "small.toml").write_text(STUDY)
    result = invoke("run", folder / "small.toml", "--home", folder / "runs", "--workers", 0)
    return Ran(folder, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def frame(ran: Ran) -> pd.DataFrame:
    return ran.leaderboard()


def nested_runs(home: Path, name: str = "small") -> tuple[Any, list[Any]]:
    """Return the study's own run, and its trials' runs, from MLflow."""
    client = open_client(home)
    ids = read_ids(home, name)
    assert ids is not None
    nested = f"tags.`mlflow.parentRunId` = '{ids.parent_run}' and tags.`vaebench.kind` = 'trial'"
    return client.get_run(ids.parent_run), list(client.search_runs([ids.experiment], nested))


def ranks(table: str) -> list[int]:
    """Return the ranks that a printed table shows."""
    return [int(rank) for rank in re.findall(r"^ *(\d+) v?ae +\d+ mse ", table, flags=re.M)]


def confirmed_trials(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["status"] == "confirmed") & (frame["kind"] == "trial")]


def alike(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Check that two leaderboards are the same, times and ids aside."""
    pd.testing.assert_frame_equal(first.drop(columns=CHANGES), second.drop(columns=CHANGES), check_exact=True)


def test_the_run_says_what_it_does_and_what_to_do_next(ran: Ran, frame: pd.DataFrame) -> None:
    confirmed = len(confirmed_trials(frame))
    stamped = [line.split(" ", 1) for line in ran.stderr.splitlines()]
    assert all(re.fullmatch(r"\d+:\d\d", stamp) for stamp, _ in stamped), ran.stderr
    lines = [line for _, line in stamped]
    fits = confirmed * (6 + 6) + len(BASELINES) * 6
    assert [line for line in lines if not line.startswith("  ")] == [
        "starting 2 workers",
        "loading TensorFlow in each",
        "scoring the baselines",
        *["simulating what the best baseline can reach"] * ("simulating what the best baseline can reach" in lines),
        "compiling the networks",
        "searching: 0 of 12 trials done",
        f"confirming {confirmed} trials in {fits} fits on further draws",
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
    parent, runs = nested_runs(ran.home)
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


@pytest.mark.parametrize("place", [0, 3])
def test_generated_rows_are_those_of_their_leaderboard_row(ran: Ran, frame: pd.DataFrame, place: int) -> None:
    row = frame[frame["rank"] == place + 1].iloc[0]
    trial = ["--trial", int(row["trial"])] if place else []
    ran.generate("-n", 15_000, *trial)
    rows = pd.read_csv(ran.folder / "new.csv")
    assert rows.shape == (15_000, 1)
    assert list(rows.columns) == ["x"]
    x, mean, std = rows["x"].to_numpy(), row["metric.generated_mean"], row["metric.generated_std"]
    # Four standard errors of the difference between a sample of 2,000 and one of 15,000; that of the standard
    # deviation follows from the fourth moment.
    variance = 1 / GENERATED + 1 / 15_000
    kurtosis = np.mean((x - x.mean()) ** 4) / x.var() ** 2
    assert abs(x.mean() - mean) < 4 * std * np.sqrt(variance)
    assert abs(x.std(ddof=1) - std) < 4 * std * np.sqrt((kurtosis - 1) / 4 * variance)


@pytest.mark.parametrize("place", [1, 4])
def test_generate_says_how_good_its_rows_are(ran: Ran, frame: pd.DataFrame, place: int) -> None:
    row = frame[frame["rank"] == place].iloc[0]
    trial = ["--trial", int(row["trial"])] if place > 1 else []
    path = ran.folder / "new.csv"
    said = invoke("generate", ran.name, "--home", ran.home, "-n", 7, "-o", path, *trial).stdout
    assert said.startswith(
        f"7 rows written to {path}, from trial {row['trial']:.0f} ({row['variant']}), score {row['score']:.2f} on "
    )


def test_the_seed_decides_what_is_generated(ran: Ran, frame: pd.DataFrame) -> None:
    best = int(frame[frame["rank"] == 1]["trial"].iloc[0])
    first = ran.generate("-n", 50, "--seed", 1)
    assert ran.generate("-n", 50, "--seed", 1) == first
    assert ran.generate("-n", 50, "--seed", 1, "--trial", best) == first
    assert ran.generate("-n", 50, "--seed", 2) != first
    other = int(frame[frame["rank"] == 4]["trial"].iloc[0])
    assert ran.generate("-n", 50, "--seed", 1, "--trial", other) != first
    ended = process("generate", "small", "-n", 50, "--seed", 1, "-o", "process.parquet", cwd=ran.folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    ran.generate("-n", 50, "--seed", 1)
    pd.testing.assert_frame_equal(
        pd.read_parquet(ran.folder / "process.parquet"),
        pd.read_csv(ran.folder / "new.csv", float_precision="round_trip"),
        check_exact=True,
    )


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


def test_workers_do_not_change_the_result(ran: Ran, in_process: Ran, frame: pd.DataFrame) -> None:
    alike(in_process.leaderboard(), frame)


def test_status(ran: Ran, frame: pd.DataFrame) -> None:
    best = frame[frame["rank"] == 1].iloc[0]
    failed = (frame["status"] == "failed").sum()
    counted = f"12 of 12 trials, {failed} failed, {len(confirmed_trials(frame))} confirmed"
    line = f"small: {counted}; best is trial {int(best['trial'])}, score "
    for arguments in ([], ["small"], [str(ran.study)]):
        assert invoke("status", "--home", ran.home, *arguments).stdout == f"{line}{best['score']:.3f}\n"
    assert "no study was run in " in invoke("status", "--home", ran.folder / "elsewhere").stdout


def test_the_leaderboard_in_other_forms(ran: Ran, frame: pd.DataFrame, tmp_path: Path) -> None:
    files = {ending: tmp_path / f"x.{ending}" for ending in ("json", "md", "parquet")}
    for path in files.values():
        said = invoke("leaderboard", ran.study, "--home", ran.home, "-o", path).stdout
        assert said == f"{len(frame)} rows written to {path}\n"
    expected = frame["score"].dropna().tolist()
    records = json.loads(files["json"].read_text())
    assert [row["score"] for row in records if row["score"] is not None] == expected
    assert pd.read_parquet(files["parquet"])["score"].dropna().tolist() == expected
    assert files["md"].read_text().count("\n") == 2 + len(frame)


def test_a_diagnosis_knows_what_the_rows_allow(ran: Ran) -> None:
    record = RecordStore.open(ran.home, ran.name).record()
    unit = next(one for one in record.baselines if one.name == record.attainable.baseline)
    diagnosed = [trial for trial in record.trials if trial.diagnosis and trial.diagnosis.evidence]
    assert diagnosed
    for trial in diagnosed:
        assert trial.diagnosis is not None
        expected = mean_score(unit.confirmation, record.attainable)  # 6 draws, all of them diagnosed on
        assert trial.diagnosis.evidence["expected.score"] == pytest.approx(expected)


def test_the_report(ran: Ran, frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = invoke("report", ran.name, "--home", ran.home).stdout
    assert said == "report written to small.html\n"
    html = (tmp_path / "small.html").read_text()
    summary = vaebench.summary(ran.name, home=ran.home)
    best = int(frame.loc[frame["rank"] == 1, "trial"].iloc[0])
    assert f"Best: trial {best} " in html
    assert any("selection optimism" in line for line in summary)
    answers = [line for line in summary if not line.startswith("Trial")]
    assert all(escape(line) in html for line in answers)


def test_the_table_has_the_trials_asked_for(ran: Ran) -> None:
    assert ranks(invoke("leaderboard", "small", "--home", ran.home, "--top", 3).stdout) == [1, 2, 3]


CHAMPION = """
import mlflow
import pandas as pd

print(mlflow.pyfunc.load_model("models:/small@champion").predict(pd.DataFrame({"n": [100]})).describe().to_json())
"""


def test_the_champion_generates_without_vaebench_being_imported(ran: Ran, frame: pd.DataFrame) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHAMPION],
        cwd=ran.folder, env=environment(MLFLOW_TRACKING_URI=f"sqlite:///{ran.home / 'mlflow.db'}"),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    drawn = json.loads(ended.stdout.splitlines()[-1])["x"]
    best = frame[frame["rank"] == 1].iloc[0]
    assert drawn["count"] == 100
    assert abs(drawn["mean"] - best["metric.generated_mean"]) < best["metric.generated_std"]


# What follows changes a study; each test has its own, or the one that was run in this process.


def test_more_trials_and_more_confirmation_are_added(in_process: Ran, ran: Ran) -> None:
    home, before = in_process.home, RecordStore.open(in_process.home, "small").record()
    parent = nested_runs(home)[0].info.run_id
    more = invoke("run", in_process.study, "--home", home, "--workers", 0, "--trials", 16)
    assert " searching: 12 of 16 trials done\n" in more.stderr
    record = RecordStore.open(home, "small").record()
    assert [trial.number for trial in record.trials] == list(range(16))
    assert [trial.results for trial in record.trials[:12]] == [trial.results for trial in before.trials]
    assert nested_runs(home)[0].info.run_id == parent
    assert len(nested_runs(home)[1]) == 16

    invoke("confirm", "small", "--home", home, "--workers", 0, "--top", 3, "--replicates", 7)
    confirmed = in_process.leaderboard().query("status == 'confirmed' and kind == 'trial'")
    again = confirmed[confirmed["replicates"] == 7]
    assert len(again) in (3, 4)  # the best 3, and where they are of one variant the best of the other
    assert set(again["variant"]) == {"ae", "vae"}
    metrics = {run.info.run_id: run.data.metrics for run in nested_runs(home)[1]}
    for row in confirmed.to_dict(orient="records"):
        assert metrics[row["mlflow_run_id"]]["confirmed.score"] == pytest.approx(row["score"])

    invoke("run", in_process.study, "--home", home, "--workers", 0, "--fresh")
    alike(in_process.leaderboard(), ran.leaderboard())
    run, children = nested_runs(home)
    assert run.info.run_id == parent, "a study that starts over keeps its run"
    assert {child.info.run_id for child in children} == set(in_process.leaderboard()["mlflow_run_id"].dropna())
    assert len(children) == 12


def test_fresh_with_another_definition_begins_another_run(in_process: Ran) -> None:
    home, parent = in_process.home, nested_runs(in_process.home)[0].info.run_id
    text = STUDY.replace("scale = 10", "scale = 12").replace("choice = [0.003, 0.01, 1e30]", "choice = [1e30]")
    in_process.study.write_text(text)
    invoke("run", in_process.study, "--home", home, status=2)
    result = invoke("run", in_process.study, "--home", home, "--workers", 0, "--fresh", "--trials", 2, status=1)
    assert "no score yet, " in result.stderr
    assert result.stderr.endswith("error: every trial failed; the leaderboard has the reasons\n")
    assert "vaebench generate" not in result.stdout
    assert "2 failed: the training loss became nan in epoch 1" in result.stdout
    run, children = nested_runs(home)
    assert run.info.run_id != parent
    assert run.data.params["data.distribution.scale"] == "12"
    assert len(children) == 2
    refused = invoke("generate", "small", "--home", home, "-o", in_process.folder / "x.csv", status=2)
    assert "study 'small' has no trial that did not fail" in refused.stderr


@pytest.fixture
def quick(tmp_path: Path) -> Ran:
    """Return a study of two trials of one structure, to be run in this process."""
    text = STUDY.replace("trials = 12\nreplicates = 2", "trials = 2\nreplicates = 1").replace(
        "vae = { beta = 0.1 }\n", ""
    )
    (tmp_path / "small.toml").write_text(text.replace(", 1e30]", "]").replace("top = 2", "top = 0"))
    return Ran(tmp_path, "", "")


def test_a_tracking_server_that_is_down_is_one_line_of_warning(quick: Ran) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")  # the port of "discard"
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        result = invoke("run", quick.study, "--home", quick.home, "--workers", 0)
    warnings = [line for line in result.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: MLflow at http://127.0.0.1:9 is not up to date")
    assert "secret" not in result.stderr
    assert f"\n  vaebench confirm small --home {quick.home}\n" in result.stdout
    frame = quick.leaderboard()
    assert frame["rank"].count() == 2
    assert frame["mlflow_run_id"].isna().all()
    again = invoke("run", quick.study, "--home", quick.home)
    assert "nothing to do" in again.stderr
    assert set(quick.leaderboard()["mlflow_run_id"].dropna()) == {run.info.run_id for run in nested_runs(quick.home)[1]}


def test_fewer_trials_than_there_are_is_nothing_to_do(quick: Ran) -> None:
    invoke("run", quick.study, "--home", quick.home, "--workers", 0)
    assert "nothing to do" in invoke("run", quick.study, "--home", quick.home, "--trials", 1).stderr
    assert invoke("status", "--home", quick.home).stdout.startswith("small: 2 of 2 trials, ")


def test_no_time_left_is_said(quick: Ran) -> None:
    result = invoke("run", quick.study, "--home", quick.home, "--workers", 0, "--time", "0.001s")
    assert "no trial yet" in result.stdout
    assert "0 of 2 trials" in invoke("status", "--home", quick.home).stdout
    again = invoke("run", quick.study, "--home", quick.home, "--time", "0.001s")
    assert "the time was up before a trial began, 0 of 2 are done" in again.stderr
    refused = invoke("generate", "small", "--home", quick.home, "-o", quick.folder / "x.csv", status=2)
    assert "has no trial that did not fail" in refused.stderr
    assert len(RecordStore.open(quick.home, "small").record().trials) == 0
    invoke("run", quick.study, "--home", quick.home, "--workers", 0, "--time", "10h")
    assert len(RecordStore.open(quick.home, "small").record().trials) == 2


def test_several_columns_several_objectives_and_a_comparison(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = random.multivariate_normal([5, -300], [[1, 20], [20, 900]], size=60)
    pd.DataFrame(rows, columns=["height", "depth, m"]).to_csv(tmp_path / "rows.csv", index=False)
    text = re.sub(r"\[data\].*\[evaluation\]", '[data]\nfile = "rows.csv"\n\n[evaluation]', STUDY, flags=re.S)
    text = text.replace("trials = 12\nreplicates = 2", "trials = 3\nreplicates = 1").replace("top = 2", "top = 0")
    text = text.replace("trials = 3", 'trials = 3\nobjectives = ["score", "correlation_error"]')
    text = text.replace(", 1e30]", "]").replace("vae = { beta = 0.1 }\n", "")
    (tmp_path / "small.toml").write_text(text + '\n[compare]\nscaling = ["standard", "minmax"]\n')
    pairs = Ran(tmp_path, "", "")

    said = invoke("check", pairs.study, "--trials", 2).stdout
    assert "2 trials of each of 2 arms x 1 replicates: at most 4 fits" in said
    assert "scaling=minmax: " in said
    assert "height, depth, m" in said

    result = invoke("run", pairs.study, "--home", pairs.home, "--workers", 0)
    assert " searching: 0 of 6 trials done, 3 for each of 2 arms\n" in result.stderr
    assert "each trial is scored against only 10 held-out rows" in result.stderr
    frame = pairs.leaderboard()
    trials = frame[frame["kind"] == "trial"]
    assert trials["arm"].value_counts().to_dict() == {"scaling=standard": 3, "scaling=minmax": 3}
    assert (trials["arm"] == "scaling=" + trials["param.scaling"]).all()
    values = trials[["score", "metric.correlation_error"]].to_numpy()
    better = [((values <= own).all(axis=1) & (values < own).any(axis=1)).any() for own in values]
    assert trials["pareto_front"].tolist() == [not one for one in better]

    content = (tmp_path / "rows.csv").read_bytes()
    for command in (["generate", "-o"], ["report", "-o"], ["leaderboard", "--csv"]):
        target = tmp_path / "." / "rows.csv"
        refused = invoke(command[0], "small", "--home", pairs.home, command[1], target, status=2)
        assert "rows.csv: study 'small' has its rows from there" in refused.stderr
    assert (tmp_path / "rows.csv").read_bytes() == content

    pairs.generate("-n", 500)
    generated = pd.read_csv(tmp_path / "new.csv")
    assert list(generated.columns) == ["height", "depth, m"]
    assert generated.shape == (500, 2)
    spread = np.abs(generated.mean().to_numpy() - rows.mean(axis=0)) / rows.std(axis=0)
    assert (spread < 3).all(), "in the data's own units, in which zero is 5 and 10 standard deviations away"


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 0)])
def test_an_interrupted_run_says_so_and_goes_on_later(tmp_path: Path, number: int, workers: int) -> None:
    study = tmp_path / "small.toml"
    study.write_text(STUDY.replace("vae = { beta = 0.1 }\n", ""))
    command = [sys.executable, "-m", "vaebench", "run", "small.toml", "--workers", str(workers), "--trials", "60"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stderr is not None
        line = next(line for line in running.stderr if "/60, " in line)
        if number == signal.SIGINT:  # as a terminal does: to every process of the group
            os.killpg(running.pid, number)
        else:
            running.send_signal(number)
        rest = running.stderr.read()
    assert running.returncode == 1
    assert rest.splitlines()[-1] == "stopped; what is finished is kept, and the same command goes on from here"
    assert "Traceback" not in rest
    done = len(RecordStore.open(tmp_path / "runs", "small").record().trials)
    assert int(line.split()[1].split("/")[0]) <= done < 60
    result = invoke("run", study, "--home", tmp_path / "runs", "--workers", 0, "--trials", done + 1, "--no-confirm")
    assert f" searching: {done} of {done + 1} trials done\n" in result.stderr
    record = RecordStore.open(tmp_path / "runs", "small").record()
    assert [trial.number for trial in record.trials] == list(range(done + 1))
    assert len(nested_runs(tmp_path / "runs")[1]) == done + 1
