"""The README and the guides, followed: studies are run, commands and scripts do what they say. Trials are few."""

import re
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.mixture  # noqa: F401 - only the threads of what is loaded can be limited
from click.testing import CliRunner
from documents import DOCS, GUIDES, README, Shown, blocks, commands, table
from threadpoolctl import threadpool_limits

import vaebench
from vaebench.cli import main
from vaebench.results.leaderboard import COLUMNS
from vaebench.study.file import load

pytestmark = [
    # Keras 3.15 reads a TensorFlow variable in the way that NumPy 2 deprecates.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
TRIALS = 2
CUT = """
[study]
name = "gaussian"
question = "Which autoencoder turns 67 draws of N(100, 10) into the best generator?"
replicates = 1

[data]
distribution = { name = "norm", loc = 100, scale = 10 }
rows = 40
"""
"""studies/gaussian.toml, as far as the guides tell of it."""
QUICK = {
    "evaluation": "generated = 500\ntrue = 500\n",
    "fixed": "epochs = 5\nencoder = [8]\ndecoder = [8]\n",
    "search": "latent_dim = { int = [1, 4] }\n",
    "confirm": "top = 1\nreplicates = 2\n",
}
"""Sections for a study that has none of that name."""
ELSEWHERE = ("git", "pip", "make", "source", "cd")
"""Programs whose commands are followed by other tests, or by nobody."""
SHOWN = [shown for shown in commands(*GUIDES) if shown.words[0] not in ELSEWHERE]
OF_STUDIES = [shown for shown in SHOWN if shown.words[1] != "ui"]


def quick(study: str) -> str:
    """Return a study file with small networks, few rows to score and a short confirmation."""
    own = re.findall(r"^\[(\w+)", study, re.MULTILINE)
    return study + "".join(f"\n[{name}]\n{text}" for name, text in QUICK.items() if name not in own)


@pytest.fixture(scope="module")
def follow(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Shown], str]:
    """Return what gives the output of a command, in a folder where the studies of the guides were run."""
    folder = tmp_path_factory.mktemp("guides")
    (folder / "studies").mkdir()
    (folder / "studies" / "gaussian.toml").write_text(quick(CUT))
    for block in blocks(*GUIDES):
        if block.kind == "toml" and block.name:
            (folder / block.name).write_text(quick(block.text))
    rows = np.random.default_rng(0).normal([170.0, 70.0], [9.0, 12.0], (40, 2))
    pd.DataFrame(rows, columns=["height", "weight"]).to_csv(folder / "people.csv", index=False)
    said: dict[Shown, str] = {}
    # Threads that wait for each other take half of the time where cores are shared.
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for name in ("VAEBENCH_HOME", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        for name in ("SCREENING", "DRAWS", "SPLITS"):
            patch.setattr(f"vaebench.scoring.attainable.{name}", 3)

        def run(shown: Shown) -> str:
            if shown not in said:
                few = ["--trials", TRIALS, "--workers", 0] if shown.words[1] == "run" else []
                words = [*shown.words[1:], *map(str, few)]
                done = CliRunner().invoke(main, words, catch_exceptions=False)
                assert done.exit_code == 0, f"{shown}\n{done.output}"
                said[shown] = done.stdout
            return said[shown]

        for shown in SHOWN:
            if shown.words[1] == "run":
                run(shown)
        yield run


def test_the_readme_is_short():
    assert len(README.read_text().split()) < 700


def test_the_readme_shows_a_users_day():
    first = [shown.words[1] for shown in SHOWN if shown.guide == README]
    assert first[:6] == ["check", "run", "leaderboard", "report", "ui", "generate"]
    assert {shown.words[0] for shown in SHOWN} == {"vaebench"}


@pytest.mark.parametrize("shown", OF_STUDIES, ids=str)
def test_a_command_does_what_the_guide_says(shown, follow):
    """Its files are written, and the lines that the guide shows are lines of its output, but for the figures."""
    said = [re.sub(r"\d[\d.]*", "0", line) for line in follow(shown).splitlines()]
    assert said
    for option, value in zip(shown.words, shown.words[1:], strict=False):
        if option in ("-o", "--csv"):
            assert Path(value).stat().st_size > 0
    for line in shown.output:
        begin = " ".join(re.sub(r"\d[\d.]*", "0", line).split()[:3])
        told = [" ".join(own.split()[:3]) for own in said]
        assert not begin or is_row(line) or begin == "..." or begin in told, f"{line}\n{told}"


def is_row(line: str) -> bool:
    """Say whether a line is a trial, baseline or the floor on a leaderboard: other runs have others."""
    return "[" in line and "[95" not in line


def test_the_readmes_leaderboard_has_the_columns_of_a_real_one(follow):
    (run,) = [shown for shown in SHOWN if shown.words[:3] == ("vaebench", "run", "studies/gaussian.toml")]
    heads = [[line for line in lines if "score [95 %]" in line] for lines in (run.output, follow(run).splitlines())]
    assert len(heads[0]) == 1
    assert heads[0][0].split() == heads[1][0].split()
    for lines in (run.output, follow(run).splitlines()):
        assert any(" noise floor " in line for line in lines)


def test_the_readmes_own_study_has_several_columns_and_a_leaderboard(follow):
    (own,) = [block.name for block in blocks(README) if block.kind == "toml"]
    definition = load(Path(own))
    assert len(definition.data_set.columns) > 1
    board = vaebench.leaderboard(definition.name)
    assert (board["status"] == "confirmed").any()


def test_every_column_of_a_leaderboard_is_in_the_guide(follow):
    listed = [name for row in table(DOCS / "leaderboard.md", "column") for name in row[0].split(", ")]
    assert len(listed) == len(set(listed))
    columns = {re.sub(r"^(param|metric)\..*", r"\1.NAME", name) for name in vaebench.leaderboard("gaussian").columns}
    assert set(listed) == {*columns, "arm"}  # which a study without [compare] has not


def test_ui_prints_the_address_of_the_studys_page(follow):
    (shown,) = [shown for shown in SHOWN if shown.words[1] == "ui"]
    assert main.commands["ui"].params[1].default == 5000
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", *shown.words, "--port", port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        printed = running.stdout.readline().rstrip()
        running.terminate()
    assert printed.startswith(shown.output[0].removesuffix("...").replace("5000", port))


def python_blocks() -> list[str]:
    return [block.text for block in blocks(*GUIDES) if block.kind == "python"]


@pytest.mark.parametrize("script", python_blocks())
def test_the_python_of_a_guide_runs(script, follow, tmp_path, capsys):
    few = re.sub(r"trials=\d+", f"trials={TRIALS}", re.sub(r"workers=\d+", "workers=0", script))
    (tmp_path / "script.py").write_text(few)
    runpy.run_path(str(tmp_path / "script.py"), run_name="__main__")
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["rank", "variant", "score", "ks"]
    board = vaebench.leaderboard("gaussian")
    assert len(printed) == 1 + min(5, len(board))
    assert tuple(board.columns[: len(COLUMNS)]) == COLUMNS
    assert (board["kind"] == "trial").sum() == board["mlflow_run_id"].notna().sum() == TRIALS
    new = pd.read_csv("new.csv")
    assert new.shape == (15_000, 1)
    best = board[board["rank"] == 1].iloc[0]
    assert abs(new["x"].mean() - best["metric.generated_mean"]) < best["metric.generated_std"] / 4
    pd.testing.assert_frame_equal(vaebench.generate("gaussian", 15_000, seed=1), new, check_exact=False)
    assert not vaebench.generate("studies/gaussian.toml", 10, seed=2).equals(new.head(10))


def test_a_study_run_again_from_python_has_nothing_to_do_and_confirms_more(follow):
    board = vaebench.leaderboard("gaussian")
    pd.testing.assert_frame_equal(vaebench.run("studies/gaussian.toml", trials=TRIALS, workers=0), board)
    confirmed = vaebench.confirm("gaussian", top=2, workers=0)
    assert (confirmed["status"] == "confirmed").sum() == 2 + (board["kind"] != "trial").sum()
