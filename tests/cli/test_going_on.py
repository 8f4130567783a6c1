"""A study that is run again: with more trials, confirmed further, started over, or after a run that could do little."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import STUDY, invoke
from whole_studies import QUICK, Ran, alike, few_draws, new_study, run_in_process

# Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")]


@pytest.fixture(autouse=True, scope="module")
def _few_draws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        few_draws(patch, tmp_path_factory.mktemp("cache"))
        yield


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the study; each test that changes it starts it over, before or afterwards."""
    return run_in_process(tmp_path_factory.mktemp("small"))


@pytest.fixture
def quick(tmp_path: Path) -> Ran:
    return new_study(tmp_path, QUICK)


def test_more_trials_and_more_confirmation_are_added(small: Ran) -> None:
    home, before, first = small.home, small.record(), small.leaderboard()
    parent = small.nested_runs()[0].info.run_id
    more = invoke("run", small.study, "--home", home, "--workers", 0, "--trials", 16)
    assert " searching: 12 of 16 trials done\n" in more.stderr
    record = small.record()
    assert [trial.number for trial in record.trials] == list(range(16))
    assert [trial.results for trial in record.trials[:12]] == [trial.results for trial in before.trials]
    assert small.nested_runs()[0].info.run_id == parent
    assert len(small.nested_runs()[1]) == 16

    invoke("confirm", "small", "--home", home, "--workers", 0, "--top", 3, "--replicates", 7)
    confirmed = small.leaderboard().query("status == 'confirmed' and kind == 'trial'")
    again = confirmed[confirmed["replicates"] == 7]
    assert len(again) in (3, 4)  # the best 3, and where they are of one variant the best of the other
    assert set(again["variant"]) == {"ae", "vae"}
    metrics = {run.info.run_id: run.data.metrics for run in small.nested_runs()[1]}
    for row in confirmed.to_dict(orient="records"):
        assert metrics[row["mlflow_run_id"]]["confirmed.score"] == pytest.approx(row["score"])

    invoke("run", small.study, "--home", home, "--workers", 0, "--fresh")
    alike(small.leaderboard(), first)
    run, children = small.nested_runs()
    assert run.info.run_id == parent, "a study that starts over keeps its run"
    assert {child.info.run_id for child in children} == set(small.leaderboard()["mlflow_run_id"].dropna())
    assert len(children) == 12


def test_fresh_with_another_definition_begins_another_run(small: Ran) -> None:
    home, parent = small.home, small.nested_runs()[0].info.run_id
    text = STUDY.replace("scale = 10", "scale = 12").replace("choice = [0.003, 0.01, 1e30]", "choice = [1e30]")
    small.study.write_text(text)
    invoke("run", small.study, "--home", home, status=2)
    result = invoke("run", small.study, "--home", home, "--workers", 0, "--fresh", "--trials", 2, status=1)
    assert "no score yet, " in result.stderr
    assert result.stderr.endswith("error: every trial failed; the leaderboard has the reasons\n")
    assert "vaebench generate" not in result.stdout
    assert "2 failed: the training loss became nan in epoch 1" in result.stdout
    run, children = small.nested_runs()
    assert run.info.run_id != parent
    assert run.data.params["data.distribution.scale"] == "12"
    assert len(children) == 2
    refused = invoke("generate", "small", "--home", home, "-o", small.folder / "x.csv", status=2)
    assert "study 'small' has no trial that did not fail" in refused.stderr


def test_a_tracking_server_that_is_down_is_one_line_of_warning(quick: Ran) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")  # the port of "discard"
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        result = invoke("run", quick.study, "--home", quick.home, "--workers", 0)
        refused = invoke("sync", "small", "--home", quick.home, "--workers", 0, status=1)
        assert "error: MLflow at http://127.0.0.1:9 is not up to date (MlflowException: [Errno 111]" in refused.stderr
    warnings = [line for line in result.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: MLflow at http://127.0.0.1:9 is not up to date")
    assert "secret" not in result.stderr
    assert f"\n  vaebench confirm small --home {quick.home}\n" in result.stdout
    frame = quick.leaderboard()
    assert frame["rank"].count() == 2
    assert frame["mlflow_run_id"].isna().all()
    synced = invoke("sync", "small", "--home", quick.home, "--workers", 0)
    assert synced.stdout == "small: MLflow is up to date, all 2 trials are there\n"
    again = invoke("run", quick.study, "--home", quick.home)
    assert "nothing to do" in again.stderr
    assert "writing runs" not in again.stderr
    assert set(quick.leaderboard()["mlflow_run_id"].dropna()) == {run.info.run_id for run in quick.nested_runs()[1]}


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
    assert "has no trial yet" in refused.stderr
    assert len(quick.record().trials) == 0
    invoke("run", quick.study, "--home", quick.home, "--workers", 0, "--time", "10h")
    assert len(quick.record().trials) == 2
