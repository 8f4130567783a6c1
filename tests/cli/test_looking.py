"""What the commands that only look print: help, check (cli/check), the lists of parts (cli/parts), durations."""

from pathlib import Path

import pytest
from command_line import invoke

from vaebench.cli import parts
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
        assert "  - beta: float > 0, default 0.1" in lines


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_check_describes_the_studies_of_the_repository(path: Path) -> None:
    lines = invoke("check", path).stdout.splitlines()
    assert lines[0].startswith(f"{path.stem}: ")
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("for example variant=") for line in lines)
    assert "warning" not in " ".join(lines), "a shipped study is a good example"


def test_check_says_once_what_all_arms_search() -> None:
    lines = invoke("check", next(path for path in STUDIES if path.stem == "field")).stdout.splitlines()
    assert "space       in each of 18 arms" in lines
    assert [line.split()[0] for line in lines if line].count("latent_dim") == 1
    place = lines.index("space       variant=rae_gp: 7 dimensions, continuous")
    assert [line.split()[0] for line in lines[place + 1 : place + 3]] == [
        "variant.rae_gp.beta",
        "variant.rae_gp.gradient",
    ]
    assert sum(line.startswith("for example") for line in lines) == 3


def test_check_says_what_is_searched_and_what_it_costs() -> None:
    gaussian = next(path for path in STUDIES if path.stem == "gaussian")
    lines = invoke("check", gaussian, "--trials", 10).stdout.splitlines()
    assert 'data        distribution name = "norm", loc = 100, scale = 10' in lines
    assert lines[2:5] == [
        "rows        100: 67 to train, 33 held out",
        "columns     x",
        "scored      15000 generated rows against 15000 true samples, on each replicate",
    ]
    assert "            with loss binary_crossentropy scaling is always minmax" in lines
    budget = " ".join(" ".join(lines).split())
    each = "10 trials x 16 replicates with pruning, then the best 10 and the best of each variant x 50 further draws"
    each += ", fewer if plainly worse"
    assert f"budget {each}: at most 660 fits; 4 min on one core at 0.4 s each" in budget  # 10 * 16 + 10 * 50
    searched = dict(line.strip().split("  ", 1) for line in lines if line.startswith("  ") and line[2] != " ")
    assert searched["latent_dim"].strip() == "int = [1, 42]"
    assert searched["variant"].strip() == "one of ae, vae"
    assert searched["variant.vae.beta"].strip() == "float = [0.003, 0.1], log = true"


def test_check_says_which_rows_of_a_file_are_compared(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[study]\nname = "own"\n[data]\nfile = "own.csv"\n')
    (tmp_path / "own.csv").write_text("a,b\n" + "".join(f"{row % 7},{row % 11}\n" for row in range(250)))
    lines = invoke("check", tmp_path / "own.toml").stdout.splitlines()
    assert "rows        250: 168 to train, 82 held out, half of them (41) as true samples" in lines
    assert "scored      15000 generated rows against 41 true samples, on each replicate" in lines
    assert "warning     each trial is scored against only 41 true samples" in lines


def test_check_counts_the_combinations_of_a_small_space(tmp_path: Path) -> None:
    text = '[study]\nname = "three"\ntrials = 12\n[data]\ndistribution = { name = "norm" }\n[confirm]\ntop = 0\n'
    (tmp_path / "three.toml").write_text(text + "[search.loss.one_of]\nmse = {}\nmae = {}\nlog_cosh = {}\n")
    said = " ".join(invoke("check", tmp_path / "three.toml").stdout.split())
    budget = "3 trials, each combination once (trials = 12 are more than there are) x 3 replicates: at most 9 fits"
    assert budget in said
    assert "space 1 dimension, 3 combinations" in said


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")]
)
def test_a_duration_is_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text
