"""docs/extending.md, followed: its files are written, its commands are run, as they stand there."""

import importlib.util
import inspect
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from small_specs import small_spec

from vaebench.engine.structure import Structure

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "extending.md").read_text().partition("\n## A network\n")[0]  # see test_own_network.py
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
FILES = {name: text for _, name, text in BLOCKS if name}
COMMANDS = [line for kind, _, text in BLOCKS if kind == "sh" for line in text.replace("\\\n", "").splitlines()]
VARIANT = FILES["small_codes.py"]
OF_THE_STUDY = ("mine.toml", "one_trial.py")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return the folder of the page's package, not yet installed."""
    folder = tmp_path_factory.mktemp("extending") / "my_parts"
    (folder / "my_parts").mkdir(parents=True)
    (folder / "my_parts" / "__init__.py").touch()
    for name, text in FILES.items():
        if name not in OF_THE_STUDY:
            (folder / "my_parts" / name if name.endswith(".py") else folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def follow(project):
    """Return what runs a command of the page, in an environment that has the page's package, and returns its output."""
    site, study = project.parent / "site", project.parent / "study"
    study.mkdir()
    for name in OF_THE_STUDY:
        (study / name).write_text(FILES[name])
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "120"}
    environment.pop("PYTEST_ADDOPTS", None)

    def run(command: str) -> str:
        words = shlex.split(command)
        python, folder = sys.executable, study
        if words[0] == "pip":
            own = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", site]
            words, folder = [python, "-m", *words, *map(str, own)], project
        elif words[0] == "vaebench":
            words = [python, "-m", *words]
        else:
            assert words[0] == "python"
            words = [python, *words[1:]]
            folder = ROOT if "pytest" in words else study
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    run(COMMANDS[0])
    return run


def test_the_page_has_the_commands_this_test_knows_of():
    assert [shlex.split(command)[:3] for command in COMMANDS] == [
        ["pip", "install", "."],
        ["vaebench", "variants"],
        ["python", "-m", "pytest"],
        ["vaebench", "check", "mine.toml"],
    ]


def test_the_pages_tree_holds_the_pages_files():
    tree = re.search(r"^    my_parts/\n(?:    .*\n)+", TEXT, re.MULTILINE)
    assert tree
    assert {*re.findall(r"\S+\.(?:py|toml)", tree.group())} == {*FILES, "__init__.py"} - {*OF_THE_STUDY}


def test_an_installed_variant_is_listed(follow):
    listed = follow(COMMANDS[1])
    for line in (
        "small_codes",
        *(f"  {line}".rstrip() for line in inspect.cleandoc(VARIANT.split('"""')[3]).splitlines()),
        "  - beta: float >= 0, default 0.01",
        "several_draws",
        "  - draws: int >= 1 <= 64, default 5",
        "vae",
    ):
        assert line in listed.splitlines()


def test_every_installed_part_passes_the_conformance_suites(follow):
    last = follow(f"{COMMANDS[2]} -v -p no:cacheprovider")
    passed = re.findall(r"^(\S+)::.*\[(.*)\] PASSED", last, re.MULTILINE)
    for file, name in [
        ("tests/variants/test_variant_conformance.py", "small_codes"),
        ("tests/variants/test_variant_conformance.py", "several_draws"),
        ("tests/variants/test_variant_conformance.py", "critical"),
        ("tests/losses/test_loss_conformance.py", "charbonnier"),
        ("tests/latent_samplers/test_latent_sampler_conformance.py", "box"),
        ("tests/data_sets/test_data_set_conformance.py", "circle"),
        ("tests/baselines/test_baselines.py", "jitter"),
        ("tests/test_parts.py", "small_codes"),
    ]:
        assert any(where == file and name in case for where, case in passed), (file, name)


def test_a_study_file_names_installed_parts(follow):
    checked = follow(COMMANDS[3])
    for words in ("variant=small_codes", "loss=charbonnier", "latent_sampler=box", "circle"):
        assert words in checked
    assert re.search(r"variant\.small_codes\.beta=\d", checked)


def test_a_trial_of_installed_parts_is_evaluated(follow):
    metrics = follow("python one_trial.py")
    assert {"'ks'", "'mean_error'", "'std_error.y'"} <= set(re.findall(r"'[\w.]+'", metrics)), metrics


IN_THE_PACKAGE = """
import sys
import vaebench.variants
vaebench.variants.__path__.append(sys.argv[1])
from vaebench.cli import main
from vaebench.parts import load
from vaebench.study.spec import Spec
from vaebench.variants import Variant
assert load(Variant, "small_codes").__module__ == "vaebench.variants.small_codes"
print(Spec.from_flat({"variant": "small_codes", "variant.small_codes.beta": 2.0}).variant)
assert "tensorflow" not in sys.modules
main(["variants"])
"""


def test_a_file_dropped_into_the_package_is_found(tmp_path):
    (tmp_path / "small_codes.py").write_text(VARIANT)
    words = [sys.executable, "-c", IN_THE_PACKAGE, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "SmallCodes(beta=2.0)"
    assert "small_codes" in done.stdout.splitlines()[1:]


def test_structural_fields_need_another_program_and_assigned_ones_do_not(project, monkeypatch):
    # Not by sys.path, where all of the page's parts would be found, by later tests as well.
    found = importlib.util.spec_from_file_location("several_draws", project / "my_parts" / "several_draws.py")
    module = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, "several_draws", module)
    found.loader.exec_module(module)

    def structure(**params):
        return Structure.of(small_spec(module.SeveralDraws(**params)), columns=1, train_rows=67, test_rows=33)

    assert structure(beta=0.1) == structure(beta=2.0) == structure()
    assert structure(draws=3) != structure(draws=5) == structure()
    assert structure(draws=3).variant.draws == 3
