"""What is doubtful about a study before it begins, and that `check` and `run` say so."""

from pathlib import Path

import numpy as np
import pytest
from command_line import invoke
from scipy import stats

from vaebench.cli.doubts import KS_OF_TRUTH, Doubt, doubts, in_brief
from vaebench.study.file import load

HEAD = '[study]\nname = "doubtful"\n[data]\n'
NORM = 'distribution = { name = "norm" }\n'
OWN_ROWS = 'file = "rows.csv"\ntest_fraction = 0.34\n'


def doubts_of(folder: Path, data: str, parts: str) -> list[Doubt]:
    (folder / "study.toml").write_text(HEAD + data + parts)
    (folder / "rows.csv").write_text("x\n" + "".join(f"{stats.norm.ppf((row + 0.5) / 90)}\n" for row in range(90)))
    return list(doubts(load(folder / "study.toml")))


COLLAPSE = "some settings are doomed to posterior collapse, where only decoder noise is left"
ASTRAY = "ae generates from the prior, but nothing brings its codes there"
SEVERAL_ASTRAY = "rae_l2, sparse: generated from the prior, but nothing brings the codes there"
FEW_ROWS = "each trial is scored against only 16 true samples"


@pytest.mark.parametrize(
    ("data", "variant", "latent_sampler", "expected"),
    [
        (NORM, "ae = {}", "gaussian", []),
        (NORM, "ae = {}", "prior", [ASTRAY]),
        (NORM, "sparse = {}\nrae_l2 = {}", "prior", [SEVERAL_ASTRAY]),
        (NORM, "wae_mmd = {}\niwae = {}", "prior", []),
        (NORM, "iwae = { beta = 2.0 }", "gaussian", [COLLAPSE]),
        (NORM, "capacity = {}\ndip_vae = { beta = 2.0, version = 'I' }", "gaussian", []),
        (NORM, "vae = { beta = 0.1 }", "prior", []),
        (NORM, "vae = { beta = 2.0 }", "gaussian", [COLLAPSE]),
        (OWN_ROWS, "vae = { beta = 0.1 }", "gaussian", [FEW_ROWS]),
        (OWN_ROWS, "ae = {}\nvae = { beta = 2.0 }", "prior", [FEW_ROWS, ASTRAY, COLLAPSE]),
    ],
)
def test_each_doubt_stands_where_its_cause_is(
    tmp_path: Path, data: str, variant: str, latent_sampler: str, expected: list[str]
) -> None:
    fixed = f'[fixed]\nloss = "mse"\nlatent_sampler = "{latent_sampler}"\n'
    found = doubts_of(tmp_path, data, f"{fixed}[search.variant.one_of]\n{variant}\n")
    assert [doubt.brief for doubt in found] == expected
    assert all(doubt.details for doubt in found), "what to do about it"


@pytest.mark.parametrize(("batch_size", "doubted"), [("int = [8, 64]", True), ("choice = [8, 16, 32]", False)])
def test_many_programs_are_doubted(tmp_path: Path, batch_size: str, doubted: bool) -> None:
    found = doubts_of(
        tmp_path, NORM, f'[fixed]\nvariant = "ae"\nlatent_sampler = "gmm"\n[search]\nbatch_size = {{ {batch_size} }}\n'
    )
    assert [doubt.brief.partition("at least ")[2].partition(" ")[2] for doubt in found] == (
        ["programs are compiled, one for each structure of a network"] if doubted else []
    )


def test_in_brief_all_doubts_are_one_line_and_where_the_details_are_another(tmp_path: Path) -> None:
    doubts_of(tmp_path, NORM, '[fixed]\nloss = "mse"\nlatent_sampler = "prior"\n[compare]\nvariant = ["ae"]\n')
    study = load(tmp_path / "study.toml")
    assert in_brief(study, "study.toml") == [
        f"warning: {'; '.join(doubt.brief for doubt in doubts(study))}",
        "         (vaebench check study.toml has the details)",
    ]


def test_a_study_without_a_doubt_gets_no_line(tmp_path: Path) -> None:
    assert doubts_of(tmp_path, NORM, '[fixed]\nvariant = "ae"\nlatent_sampler = "gmm"\n') == []
    assert in_brief(load(tmp_path / "study.toml"), "study.toml") == []


def test_the_ks_of_the_truth_is_as_said() -> None:
    random, n = np.random.default_rng(0), 400
    distances = [stats.ks_1samp(random.random(n), stats.uniform.cdf).statistic for _ in range(400)]
    assert np.mean(distances) == pytest.approx(KS_OF_TRUTH / n**0.5, rel=0.05)


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
    (folder / "default.toml").write_text(study)
    assert "warning" not in said("check", "default.toml")
    with_prior = (folder / "small.toml").read_text().replace('"gaussian"', '"prior"')
    (folder / "prior.toml").write_text(with_prior)
    output = said("check", "prior.toml")
    assert "warning ae generates from the prior, but nothing brings its codes there" in output
    assert "warning vae" not in output
    (folder / "other.toml").write_text(study + "[search.latent_sampler.one_of]\nprior = {}\ngmm = {}\n")
    assert "warning" not in said("check", "other.toml")
    (folder / "arms.toml").write_text(with_prior.split("[search.variant")[0] + '[compare]\nvariant = ["ae", "vae"]\n')
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
        assert ("warning each trial is scored against only 17 true samples" in output) is few
        assert ("Endless rows of the truth would have a ks of about 0.21 to them." in output) is few
        assert ("scored against only" in output) is few


@pytest.mark.parametrize(
    ("code_activation", "latent_sampler", "expected"),
    [("tanh", "gaussian", 1), ("sigmoid", "prior", 1), ("tanh", "uniform", 0), ("linear", "gaussian", 0)],
)
def test_a_latent_sampler_that_leaves_the_range_of_bounded_codes_is_doubted(
    tmp_path, code_activation, latent_sampler, expected
):
    parts = f'[fixed]\nvariant = {{ vae = {{ beta = 0.1 }} }}\nlatent_sampler = "{latent_sampler}"\n'
    found = doubts_of(tmp_path, NORM, f'{parts}[search]\ncode_activation = {{ choice = ["{code_activation}"] }}\n')
    assert sum("latent samplers draw outside" in doubt.brief for doubt in found) == expected
