"""How a run shows what it does: live on a terminal, as lines where it is piped."""

import io
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import record, trial
from rich.console import Console

from vaebench.cli import progress as module
from vaebench.cli.progress import Progress
from vaebench.cli.time_left import WRITING
from vaebench.search.events import (
    Advanced,
    ConfirmationStarted,
    Loaded,
    SearchStarted,
    Step,
    TrialConfirmed,
    TrialFinished,
)
from vaebench.study.file import load


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Iterator[Progress]:
    """Return live progress on a terminal of 80 characters that keeps what is printed."""
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system=None)
    monkeypatch.setattr(module, "_StandardError", lambda: console)
    with Progress() as progress:
        yield progress


def live(progress: Progress) -> str:
    """Return what the live progress shows."""
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(progress._bar.get_renderable())
    return capture.get().rstrip("\n")


def test_live_progress_fits_80_characters_and_leaves_a_line_of_each_step(progress: Progress) -> None:
    progress(Step("starting 2 workers"))
    assert "starting 2 workers" in live(progress)
    progress(Step("scoring the baselines", 16))
    for _ in range(5):
        progress(Advanced())
    assert "scoring the baselines" in live(progress)
    assert "5/16" in live(progress)
    assert "starting" not in live(progress)
    trials = [trial(number, [None if number < 40 else 1.5 - number / 1000]) for number in range(100)]
    progress(SearchStarted(record(*trials), 1200))
    for number in range(100, 1100):
        progress(Advanced(seconds=0.001))
        progress(TrialFinished(replace(trial(number, [1.5 - number / 1000]), started=time.time())))
    shown = live(progress)
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(r"1100/1200, about \S+ \S+ left, best 0\.401 \(trial", shown)
    progress(ConfirmationStarted(2, 50))
    progress(Advanced())
    assert "confirming 2 trials" in live(progress)
    assert "1/50" in live(progress)
    progress(Step("writing runs, plots and models to MLflow", 3))
    printed = progress._console.file.getvalue()  # type: ignore[attr-defined]
    lines = re.findall(r"\d+:\d\d (.*?), \d+\.\d s", printed)
    assert [line.split(",")[0] for line in lines] == [
        "starting 2 workers",
        "scoring the baselines",
        "searching",
        "confirming 2 trials",
    ]
    assert "best 0.401 (trial 1099)" in lines[2]
    assert "40 failed" in lines[2]


def test_piped_it_says_each_step_at_once_and_the_first_and_last_trial(capsys: pytest.CaptureFixture[str]) -> None:
    study = record(trial(0, [1.0], arm="a"), trial(1, [1.0], arm="b"))
    study = replace(study, trials=())
    with Progress() as progress:
        progress(Step("starting 2 workers"))
        assert capsys.readouterr().err == "0:00 starting 2 workers\n"
        progress(SearchStarted(study, 200))
        for number in range(200):
            progress(Advanced(seconds=0.001))
            progress(TrialFinished(replace(trial(number, [2.0 - number / 200]), started=time.time())))
        logging.getLogger("vaebench").warning("MLflow is [red]down")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "0:00 searching: 0 of 200 trials done, 100 for each of 2 arms"
    assert re.match(r"0:00   1/200, about \S+ \S+ left, best 2.000 \(trial 0\), ", lines[1])
    assert lines[2].startswith("0:00   200/200, best 1.005 (trial 199), ")
    assert lines[3:] == ["warning: MLflow is [red]down"]


def test_piped_a_long_step_is_never_silent_for_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    with Progress() as progress:
        progress(SearchStarted(record(), 1))
        progress(TrialFinished(replace(trial(0, [1.0]), started=now[0])))
        progress(ConfirmationStarted(10, 500))
        for _ in range(500):
            now[0] += 0.2  # 100 s in all
            progress(Advanced())
        progress(TrialConfirmed(trial(0, [1.0], [1.0])))
    lines = [line for line in capsys.readouterr().err.splitlines() if re.search(r"\d+/500", line)]
    times = [60 * int(line.split(":")[0]) + int(line.split(":")[1][:2]) for line in lines]
    assert 8 <= len(lines) <= 10
    assert max(after - before for before, after in zip([0, *times], [*times, 100], strict=True)) <= 11
    done, left = re.search(r"(\d+)/500, about (\d+) s left", lines[4]).groups()  # type: ignore[union-attr]
    assert float(left) == pytest.approx((500 - int(done)) * 0.2 + WRITING, abs=2)


def test_a_doubtful_study_gets_two_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "doomed.toml"
    data = '[study]\nname = "doomed"\n[data]\ndistribution = { name = "norm" }\n'
    file.write_text(f"{data}[fixed]\nvariant = {{ vae = {{ beta = 1.0 }} }}\n")
    with Progress("doomed.toml") as progress:
        progress(Loaded(load(file)))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("warning: ")
    assert "vaebench check doomed.toml" in second


def test_the_speed_counts_from_when_the_first_trial_began(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress(SearchStarted(record(), 10))
        progress(TrialFinished(replace(trial(0, [1.0]), started=time.time() - 100)))
    found = re.search(r"(\S+) trials/s$", capsys.readouterr().err.splitlines()[-1])
    assert found
    assert float(found[1]) == pytest.approx(1 / 100, rel=0.05)
