"""What the commands that only look print: help, check, and the lists of parts."""

from pathlib import Path

import numpy as np
import pytest
from command_line import invoke
from scipy import stats

from vaebench.cli import parts
from vaebench.cli.doubts import KS_OF_TRUTH
from vaebench.cli.options import duration
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
    assert "warning" not in " ".join(lines), "a shipped study is a good example"


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
    assert searched["variant.vae.beta"].strip() == "float = [0.003, 0.1], log = true"


def said(command: str, path: str, *more: object, status: int = 0) -> str:
    """Return what a command says, on one line."""
    return " ".join(invoke(command, path, *more, status=status).output.split())


def test_check_warns_of_collapse_and_of_nothing_else(folder: Path) -> None:
    study = (folder / "small.toml").read_text()
    assert "warning" not in said("check", "small.toml")
    (folder / "doomed.toml").write_text(study.replace("beta = 0.1", "beta = { float = [0.1, 10.0], log = true }"))
    output = said("check", "doomed.toml")
    assert "warning some settings are doomed to posterior collapse" in output
    assert "vae with loss mse and scaling standard: beta >= 1, 50 % of its range All latent units die" in output
    refused = invoke("run", "doomed.toml", "--workers", -1, status=2)
    first, second, error = refused.stderr.splitlines()
    assert first.startswith("warning: some settings are doomed to posterior collapse")
    assert "vaebench check doomed.toml has the details" in second
    assert error.startswith("error: workers = -1")


def test_check_warns_of_codes_that_the_prior_misses(folder: Path) -> None:
    study = (folder / "small.toml").read_text().replace('latent_sampler = "gaussian"\n', "")
    (folder / "prior.toml").write_text(study)
    output = said("check", "prior.toml")
    assert "warning ae generates from the prior, but nothing brings its codes there" in output
    assert "warning vae" not in output
    (folder / "other.toml").write_text(study + "[search.latent_sampler.one_of]\nprior = {}\ngmm = {}\n")
    assert "warning" not in said("check", "other.toml")
    (folder / "arms.toml").write_text(study.split("[search.variant")[0] + '[compare]\nvariant = ["ae", "vae"]\n')
    assert "warning ae generates from the prior" in said("check", "arms.toml")
    (folder / "compared.toml").write_text(study + '[compare]\nlatent_sampler = ["prior", "gmm"]\n')
    assert "warning" not in said("check", "compared.toml"), "the study finds out by itself"


def test_check_says_when_few_rows_are_left_to_score_against(folder: Path) -> None:
    study = (folder / "small.toml").read_text()
    norm = study[study.index("distribution =") : study.index("[evaluation]")]
    for rows, few in ((100, True), (1000, False)):
        (folder / "rows.csv").write_text("x\n" + "".join(f"{stats.norm.ppf((i + 0.5) / rows)}\n" for i in range(rows)))
        (folder / "own.toml").write_text(study.replace(norm, 'file = "rows.csv"\n'))
        output = said("check", "own.toml")
        assert ("warning each trial is scored against only 17 held-out rows" in output) is few
        assert ("Endless rows of the truth would have a ks of about 0.21 to them." in output) is few
        assert ("held-out" in output) is few


def test_the_ks_of_the_truth_is_as_said() -> None:
    random, n = np.random.default_rng(0), 400
    distances = [stats.ks_1samp(random.random(n), stats.uniform.cdf).statistic for _ in range(400)]
    assert np.mean(distances) == pytest.approx(KS_OF_TRUTH / n**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")]
)
def test_a_duration_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text
