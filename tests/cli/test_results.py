"""What one does with a study that was run: status, leaderboard, report, generate, and the champion from MLflow."""

import json
import subprocess
import sys
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import STUDY, environment, invoke, process
from whole_studies import Ran, confirmed_trials, few_draws, ranks, run_in_process

import vaebench

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]
TRIALS, GENERATED = 8, 2000


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the study, of fewer trials and one draw each. No test may change it."""
    text = STUDY.replace("trials = 12\nreplicates = 2", f"trials = {TRIALS}\nreplicates = 1")
    with pytest.MonkeyPatch.context() as patch:
        few_draws(patch, tmp_path_factory.mktemp("cache"))
        return run_in_process(tmp_path_factory.mktemp("ran"), text)


@pytest.fixture(scope="module")
def frame(ran: Ran) -> pd.DataFrame:
    return ran.leaderboard()


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


def test_rows_can_be_drawn_from_a_baseline(ran: Ran, frame: pd.DataFrame) -> None:
    row = frame[frame["variant"] == "gaussian"].iloc[0]
    path = ran.folder / "new.csv"
    said = invoke("generate", ran.name, "--home", ran.home, "-n", 15_000, "-o", path, "--baseline", "gaussian").stdout
    assert said.startswith(f"15000 rows written to {path}, from baseline gaussian, score {row['score']:.2f} on ")
    mean, std = row["metric.generated_mean"], row["metric.generated_std"]
    found = pd.read_csv(path)["x"]
    assert abs(found.mean() - mean) < 4 * std * np.sqrt(1 / GENERATED + 1 / 15_000)
    assert abs(found.std() - std) < 4 * std * np.sqrt((1 / GENERATED + 1 / 15_000) / 2)
    first = ran.generate("-n", 50, "--baseline", "bootstrap", "--seed", 1)
    assert ran.generate("-n", 50, "--baseline", "bootstrap", "--seed", 1) == first
    assert ran.generate("-n", 50, "--baseline", "bootstrap", "--seed", 2) != first
    said = invoke("generate", ran.name, "--home", ran.home, "-n", 5, "-o", path, "--baseline", "bootstrap").stdout
    assert "Its rows are training rows" in said


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["--baseline", "gausian"], "study 'small': unknown baseline 'gausian'; did you mean 'gaussian'?"),
        (["--baseline", "kde", "--trial", 0], "trial = 0 and baseline = 'kde': one of the two is needed, not both"),
    ],
)
def test_a_baseline_that_is_not_there_is_refused(ran: Ran, asked: list[object], message: str) -> None:
    path = ran.folder / "refused.csv"
    ended = invoke("generate", ran.name, "--home", ran.home, "-o", path, *asked, status=2)
    assert message in ended.stderr
    assert not path.exists()


def test_rows_of_a_kept_generator_need_neither_tensorflow_nor_mlflow(ran: Ran) -> None:
    code = """
import sys
from vaebench.cli import main
try:
    main()
finally:
    print(*{"tensorflow", "keras", "mlflow", "sklearn"} & sys.modules.keys())
"""
    asked = ["generate", "small", "-n", "5", "--home", str(ran.home), "-o", str(ran.folder / "five.csv")]
    command = [sys.executable, "-c", code, *asked]
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == ""
    assert len(pd.read_csv(ran.folder / "five.csv")) == 5


def test_status(ran: Ran, frame: pd.DataFrame) -> None:
    best = frame[frame["rank"] == 1].iloc[0]
    failed = (frame["status"] == "failed").sum()
    counted = f"{TRIALS} of {TRIALS} trials, {failed} failed, {len(confirmed_trials(frame))} confirmed"
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
