"""What the commands that only look print: help, check, the lists of parts, and how progress is shown."""

import io
import logging
import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import invoke
from hand_made import record, trial
from rich.console import Console
from scipy import stats

from vaebench.cli import parts
from vaebench.cli.check import KS_OF_TRUTH, duration
from vaebench.cli.progress import Progress
from vaebench.parts import modules

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.toml"))


def test_help_shows_a_users_day_line_by_line() -> None:
    lines = [line.strip() for line in invoke("--help").stdout.splitlines()]
    examples = [line.split()[1] for line in lines if line.startswith("vaebench ") and "  " in line]
    assert examples == ["check", "run", "leaderboard", "report", "ui", "generate"]
    commands = lines[lines.index("Commands:") + 1 :]
    assert [line.split()[0] for line in commands[:4]] == ["run", "check", "status", "leaderboard"]
    assert not any(line.endswith("...") for line in commands), "every summary is short enough"


@pytest.mark.parametrize("name", parts.KINDS)
def test_a_list_has_every_part(name: str) -> None:
    lines = invoke(name).stdout.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == list(modules(parts.KINDS[name]))
    assert max(map(len, lines)) <= 120
    if name == "variants":
        assert "  - beta: float > 0, default 1.0" in lines


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_check_describes_the_studies_of_the_repository(path: Path) -> None:
    lines = invoke("check", path).stdout.splitlines()
    assert lines[0].startswith(f"{path.stem}: ")
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("for example variant=") for line in lines)
    assert invoke("run", path, "--dry-run").stdout.splitlines() == lines


def test_check_says_what_is_searched_and_what_it_costs() -> None:
    gaussian = next(path for path in STUDIES if path.stem == "gaussian")
    lines = invoke("check", gaussian, "--trials", 10).stdout.splitlines()
    assert 'data        distribution name = "norm", loc = 100, scale = 10' in lines
    assert "rows        100: 67 train, 33 test; columns x" in lines
    budget = " ".join(" ".join(lines).split())
    each = "10 trials x 16 replicates with pruning, then the best 10 and the best of each variant x 50 further draws"
    each += " and 10 for its diagnosis"
    assert f"budget {each}: at most 760 fits; 5 min on one core at 0.4 s each" in budget  # 10 * 16 + 10 * (50 + 10)
    searched = dict(line.strip().split("  ", 1) for line in lines if line.startswith("  ") and line[2] != " ")
    assert searched["latent_dim"].strip() == "int = [1, 42]"
    assert searched["variant"].strip() == "one of ae, vae"
    assert searched["variant.vae.beta"].strip() == "float = [0.01, 10.0], log = true"


def test_check_warns_of_collapse_and_of_nothing_else(folder: Path) -> None:
    study = (folder / "small.toml").read_text()
    assert "warning" not in invoke("check", "small.toml").output
    (folder / "doomed.toml").write_text(study.replace("beta = 0.1", "beta = { float = [0.1, 10.0], log = true }"))
    output = " ".join(invoke("check", "doomed.toml").stdout.split())
    assert "vae with loss mse and scaling standard: beta >= 1, 50 % of its range why All latent units die" in output
    assert "warning doomed to posterior collapse" in output
    refused = invoke("run", "doomed.toml", "--workers", -1, status=2)  # before anything starts
    assert refused.stderr.count("vae with loss mse and scaling standard: beta >= 1") == 1
    assert refused.stdout == ""


def test_check_warns_of_codes_that_the_prior_misses(folder: Path) -> None:
    study = (folder / "small.toml").read_text().replace('latent_sampler = "gaussian"\n', "")
    (folder / "prior.toml").write_text(study)
    output = " ".join(invoke("check", "prior.toml").stdout.split())
    assert "warning ae generates from the prior N(0, 1), but nothing brings its codes there" in output
    assert "warning vae" not in output
    (folder / "other.toml").write_text(study + "[search.latent_sampler.one_of]\nprior = {}\ngmm = {}\n")
    assert "warning" not in invoke("check", "other.toml").output
    (folder / "arms.toml").write_text(study.split("[search.variant")[0] + '[compare]\nvariant = ["ae", "vae"]\n')
    output = " ".join(invoke("check", "arms.toml").stdout.split())
    assert "warning ae generates from the prior" in output
    (folder / "compared.toml").write_text(study + '[compare]\nlatent_sampler = ["prior", "gmm"]\n')
    assert "warning" not in invoke("check", "compared.toml").output, "the study finds out by itself"


def test_check_says_when_few_rows_are_left_to_score_against(folder: Path) -> None:
    study = (folder / "small.toml").read_text()
    norm = study[study.index("distribution =") : study.index("[evaluation]")]
    for rows, said in ((100, True), (1000, False)):
        (folder / "rows.csv").write_text("x\n" + "".join(f"{stats.norm.ppf((i + 0.5) / rows)}\n" for i in range(rows)))
        (folder / "own.toml").write_text(study.replace(norm, 'file = "rows.csv"\n'))
        output = " ".join(invoke("check", "own.toml").stdout.split())
        text = "a draw is scored against 17 held-out rows, where even endless rows of the truth have a ks of about 0.21"
        assert (f"warning {text}" in output) is said
        assert ("held-out" in output) is said


def test_the_ks_of_the_truth_is_as_said() -> None:
    random, n = np.random.default_rng(0), 400
    distances = [stats.ks_1samp(random.random(n), stats.uniform.cdf).statistic for _ in range(400)]
    assert np.mean(distances) == pytest.approx(KS_OF_TRUTH / n**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")]
)
def test_a_duration_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def live(progress: Progress) -> str:
    """Return what the live progress shows on a terminal of 80 characters."""
    console = Console(width=80, file=io.StringIO(), force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(progress.bar.get_renderable())
    return capture.get().rstrip("\n")


def test_live_progress_fits_80_characters() -> None:
    with Progress() as progress:
        assert "starting workers" in live(progress)
        trials = [trial(number, [None if number < 40 else 1.5 - number / 1000]) for number in range(100)]
        progress.started(record(*trials), 1200)
        assert "100/1200" in live(progress)
        for number in range(100, 1100):
            progress.trial_finished(replace(trial(number, [1.5 - number / 1000]), started=time.time()))
        shown = live(progress)
        assert len(shown) <= 80
        assert shown.split()[1] == "1100/1200"
        for part in ("best 0.401 (trial 1099), ", " trials/s, ", " left, ", "40 failed"):
            assert part in shown
        progress.confirming(2)
        assert "confirming 0/2" in live(progress)
        progress.confirmed(trial(3, [1.0], [1.0]))
        assert "confirming 1/2" in live(progress)
        logging.getLogger("vaebench").info("finishing: pictures")
        assert "finishing: pictures" in live(progress)


def test_speed_counts_from_when_the_first_trial_began(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.started(record(), 10)
        progress.trial_finished(replace(trial(0, [1.0]), started=time.time() - 100))
    said = capsys.readouterr().err.splitlines()[-1]
    found = re.search(r"(\S+) trials/s, 15 min left", said)
    assert found
    assert float(found[1]) == pytest.approx(1 / 100, rel=0.05)


def test_plain_lines_are_few_and_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    study = replace(record(), definition={"arms": {"a": {}, "b": {}}})
    with Progress() as progress:
        progress.started(study, 200)
        for number in range(200):
            progress.trial_finished(replace(trial(number, [2.0 - number / 200]), started=time.time()))
        logging.getLogger("vaebench").info("finishing")
        logging.getLogger("vaebench").warning("MLflow is [red]down")
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == ["finishing", "warning: MLflow is [red]down"]
    lines = lines[:-2]
    assert lines[0] == "hand-made: 0 of 200 trials done, 100 for each of 2 sub-studies"
    assert [line.split()[0] for line in lines[1:]] == [f"{done}/200" for done in range(20, 201, 20)]
    assert "best 1.005 (trial 199), " in lines[-1]
