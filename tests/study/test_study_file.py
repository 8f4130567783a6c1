import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unprivileged import unprivileged

from vaebench.data_sets.distribution import Distribution
from vaebench.errors import InputError
from vaebench.study.file import difference, from_plain, load, to_plain
from vaebench.study.space import Choice, Fixed, Float, Int, OneOf, RandomTrial
from vaebench.study.spec import Spec

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.toml"))


def toml(value):
    """Write a value as TOML; tables as inline tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(own)}" for key, own in value.items()) + " }"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def text_of(**sections):
    tables = {"study": {"name": "s"}, "data": {"distribution": {"name": "norm"}}} | sections
    lines = []
    for section, table in tables.items():
        lines += [f"[{section}]", *(f"{json.dumps(key)} = {toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


@pytest.fixture
def study(tmp_path):
    def write(text=None, **sections):
        path = tmp_path / "s.toml"
        path.write_text(text_of(**sections) if text is None else text, encoding="utf-8")
        return path

    return write


# What is valid


def test_a_study_of_two_lines_takes_the_defaults(study):
    definition = load(study())
    assert (definition.name, definition.question, definition.objectives) == ("s", "", ("score",))
    assert (definition.trials, definition.replicates, definition.seed) == (100, 3, 0)
    assert (definition.sampler, definition.batch) == ("tpe", 4)
    assert definition.data_set == Distribution("norm")
    assert (definition.rows, definition.test_fraction) == (100, 0.33)
    assert (definition.generated, definition.true) == (15_000, 15_000)
    assert (definition.confirm_top, definition.confirm_replicates) == (5, 25)
    assert [arm.name for arm in definition.arms] == [""]
    assert Spec.from_flat(definition.arms[0].space.suggest(RandomTrial(0))) == Spec()
    drawn = definition.replicate("search", 0).draw()
    assert (len(drawn.train), len(drawn.test)) == (67, 33)


def test_every_kind_of_parameter_is_read(study):
    definition = load(
        study(
            fixed={"epochs": 5, "encoder": [8, 4], "latent_sampler": {"gaussian": {"scale": 2}}},
            search={
                "latent_dim": {"int": [1, 9], "step": 4},
                "dropout": {"float": [0.1, 0.4], "step": 0.1, "off": 0},
                "learning_rate": {"float": [1e-4, 1], "log": True},
                "decoder": {"choice": [[4, 8], [2]]},
                "variant": {"one_of": {"vae": {"warm_up": {"int": [1, 9], "off": 0}, "beta": 2}, "ae": {}}},
                "loss": {"one_of": {"mse": {}}},
            },
        )
    )
    assert definition.arms[0].space.nodes == {
        "epochs": Fixed(5),
        "encoder": Fixed((8, 4)),
        "latent_sampler": OneOf({"gaussian": {"scale": Fixed(2.0)}}),
        "latent_dim": Int(1, 9, step=4),
        "dropout": Float(0.1, 0.4, step=0.1, off=0.0),
        "learning_rate": Float(1e-4, 1.0, log=True),
        "decoder": Choice(((4, 8), (2,))),
        "variant": OneOf({"ae": {}, "vae": {"beta": Fixed(2.0), "warm_up": Int(1, 9, off=0)}}),
        "loss": OneOf({"mse": {}}),
    }


def test_objectives_between_columns_are_for_several_columns(study, tmp_path):
    (tmp_path / "two.csv").write_text("a,b\n" + "1,2\n3,5\n" * 10)
    objectives = ["score", "wasserstein", "correlation_error", "sliced_wasserstein"]
    definition = load(study(study={"name": "s", "objectives": objectives}, data={"file": "two.csv"}))
    assert definition.objectives == tuple(objectives)
    one_column = load(study(study={"name": "s", "objectives": objectives[:2]}))
    assert one_column.objectives == ("score", "wasserstein")


def test_the_order_of_a_file_does_not_matter(study):
    one = {"epochs": 3, "variant": "ae"}, {"latent_dim": {"int": [1, 2]}, "loss": {"one_of": {"mse": {}, "mae": {}}}}
    spaces = []
    for fixed, search in (one, tuple(dict(reversed(table.items())) for table in one)):
        spaces.append(load(study(fixed=fixed, search=search)).arms[0].space)
    assert spaces[0].names == spaces[1].names
    assert list(spaces[0].grid()) == list(spaces[1].grid())


def test_a_fixed_part_is_a_name_or_a_table(study):
    for value in ("vae", {"vae": {}}):
        assert load(study(fixed={"variant": value})).arms[0].space.nodes["variant"] == OneOf({"vae": {}})
    text = text_of() + "[fixed.variant.vae]\nbeta = 0.5\n"
    assert load(study(text)).arms[0].space.nodes["variant"] == OneOf({"vae": {"beta": Fixed(0.5)}})


def test_compare_is_the_product_of_its_values_and_keeps_only_their_branches(study):
    definition = load(
        study(
            search={
                "latent_dim": {"int": [1, 42]},
                "variant": {"one_of": {"ae": {}, "vae": {"beta": {"float": [0.1, 1.0]}}}},
            },
            compare={"variant": ["ae", "vae"], "latent_dim": [1, 8], "encoder": [[4], [8, 4]]},
        )
    )
    assert [arm.name for arm in definition.arms] == [
        f"variant={variant},latent_dim={dim},encoder={layers}"
        for variant in ("ae", "vae")
        for dim in (1, 8)
        for layers in ("4", "8-4")
    ]
    first, last = definition.arms[0].space, definition.arms[-1].space
    assert first.names == ()
    assert last.names == ("variant.vae.beta",)
    spec = Spec.from_flat(last.suggest(RandomTrial(0)))
    assert (spec.variant.name, spec.latent_dim, spec.encoder) == ("vae", 8, (8, 4))


def test_a_parts_own_parameter_can_be_compared(study):
    fixed = {"latent_sampler": {"gaussian": {"codes": "mean"}}}
    definition = load(study(fixed=fixed, compare={"latent_sampler": {"gaussian": {"scale": [1, 2]}}}))
    assert [arm.name for arm in definition.arms] == [
        "latent_sampler.gaussian.scale=1",
        "latent_sampler.gaussian.scale=2",
    ]
    specs = [Spec.from_flat(arm.space.suggest(RandomTrial(0))) for arm in definition.arms]
    assert [(s.latent_sampler.scale, s.latent_sampler.codes) for s in specs] == [(1.0, "mean"), (2.0, "mean")]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_studies_of_the_repository_are_valid(path):
    definition = load(path)
    assert definition.name == path.stem
    assert definition.question
    for arm in definition.arms:
        for seed in range(50):
            Spec.from_flat(arm.space.suggest(RandomTrial(seed)))


def test_gaussian_is_the_question_the_project_started_from():
    definition = load(next(path for path in STUDIES if path.stem == "gaussian"))
    assert definition.data_set == Distribution("norm", (("loc", 100), ("scale", 10)))
    assert (definition.rows, definition.generated, definition.true) == (100, 15_000, 15_000)
    nodes = definition.arms[0].space.nodes
    assert nodes["latent_dim"] == Int(1, 42)
    assert set(nodes["variant"].branches) == {"ae", "vae"}
    assert set(nodes["loss"].branches) == {"mse", "mae", "huber", "log_cosh", "binary_crossentropy", "gaussian_nll"}
    assert set(nodes["latent_sampler"].branches) == {"prior", "gaussian", "uniform", "gmm"}


def test_checking_a_study_imports_neither_tensorflow_nor_optuna():
    code = (
        "import sys; from pathlib import Path; from vaebench.study.file import load; load(Path(sys.argv[1]));"
        "heavy = {'tensorflow', 'keras', 'optuna', 'mlflow', 'sklearn', 'distributed'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(STUDIES[0])], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# What is stored, and what differs


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_stored_definition_gives_the_study_back(path):
    definition = load(path)
    plain = to_plain(definition)
    assert json.loads(json.dumps(plain)) == plain
    again = from_plain(json.loads(json.dumps(plain)))
    assert again == definition
    assert [arm.space.names for arm in again.arms] == [arm.space.names for arm in definition.arms]


def test_a_file_data_set_is_stored_by_its_content(study, tmp_path):
    (tmp_path / "my.csv").write_text("a,b\n" + "".join(f"{i},{i * i}\n" for i in range(50)))
    path = study(data={"file": "my.csv"})
    before = load(path)
    assert (before.rows, before.data_set.columns) == (50, ("a", "b"))
    assert from_plain(json.loads(json.dumps(to_plain(before)))) == before
    (tmp_path / "my.csv").write_text("a,b\n" + "".join(f"{i},{i + 1}\n" for i in range(50)))
    (line,) = difference(before, load(path))
    assert line.startswith("data.file.sha256: ")


def test_a_data_file_that_moved_is_no_difference(study, tmp_path):
    (tmp_path / "my.csv").write_text("a\n" + "".join(f"{i}\n" for i in range(50)))
    before = load(study(data={"file": "my.csv"}))
    (tmp_path / "my.csv").rename(tmp_path / "other.csv")
    assert difference(before, load(study(data={"file": "other.csv"}))) == []


def test_the_difference_is_one_line_for_each_changed_value(study):
    old = load(study(search={"latent_dim": {"int": [1, 42]}, "variant": {"one_of": {"ae": {}, "vae": {}}}}))
    new = load(
        study(
            study={"name": "s", "seed": 3},
            data={"distribution": {"name": "norm", "loc": 1}},
            search={"latent_dim": {"int": [1, 8]}, "variant": {"one_of": {"ae": {}, "vae": {"beta": 2.0}}}},
        )
    )
    assert sorted(difference(old, new)) == [
        "data.distribution.loc: (not set) -> 1",
        "search.latent_dim.int: [1, 42] -> [1, 8]",
        "search.variant.one_of.vae.beta: (not set) -> 2.0",
        "search.variant.one_of.vae: {} -> (not set)",
        "study.seed: 0 -> 3",
    ]


def test_extending_a_study_is_no_difference(study):
    old = load(study())
    extended = load(study(study={"name": "s", "question": "Why?", "trials": 999}, confirm={"top": 9, "replicates": 99}))
    assert difference(old, extended) == []
    assert difference(old, dataclasses.replace(extended, replicates=4)) == ["study.replicates: 3 -> 4"]


# What is refused


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        # [study]
        ({"study": {}}, ["[study]", "name is missing"]),
        ({"study": {"name": "a/b"}}, ["[study]", 'name = "a/b"', "letters, digits"]),
        ({"study": {"name": "..\\b"}}, ["[study] name", "letters, digits"]),
        ({"study": {"name": ".."}}, ["[study] name", "letters, digits"]),
        ({"study": {"name": ""}}, ["[study] name", "1 to 100"]),
        ({"study": {"name": "a" * 101}}, ["[study] name", "1 to 100"]),
        ({"study": {"name": "a\n"}}, ["[study] name", "letters, digits"]),
        ({"study": {"name": "s", "trails": 3}}, ["[study]", "'trails'", "known:", "did you mean 'trials'"]),
        ({"study": {"name": "s", "trials": 0}}, ["[study] trials = 0", "greater than or equal to 1"]),
        ({"study": {"name": "s", "trials": "10"}}, ['[study] trials = "10"', "valid integer"]),
        ({"study": {"name": "s", "trials": True}}, ["[study] trials = true", "valid integer"]),
        ({"study": {"name": "s", "trials": 10.0}}, ["[study] trials = 10.0", "valid integer"]),
        ({"study": {"name": "s", "replicates": 0}}, ["[study] replicates = 0", "greater than or equal to 1"]),
        ({"study": {"name": "s", "batch": 0}}, ["[study] batch = 0", "greater than or equal to 1"]),
        ({"study": {"name": "s", "seed": -1}}, ["[study] seed = -1", "greater than or equal to 0"]),
        ({"study": {"name": "s", "sampler": "tpx"}}, ["[study] sampler", "'tpx'", "nsga2", "did you mean 'tpe'"]),
        ({"study": {"name": "s", "objectives": []}}, ["[study] objectives = []", "at least 1"]),
        ({"study": {"name": "s", "objectives": ["kss"]}}, ["[study] objectives", "'kss'", "did you mean 'ks'"]),
        ({"study": {"name": "s", "objectives": ["ks", "ks"]}}, ["[study] objectives", "listed twice"]),
        ({"study": {"name": "s", "pruning": True}}, ["[study] replicates = 3 with pruning = true", "more than 4"]),
        (
            {"study": {"name": "s", "pruning": True, "replicates": 8, "objectives": ["ks", "std_error"]}},
            ["[study] pruning = true", "one objective", "there are 2"],
        ),
        (
            {"study": {"name": "s", "objectives": ["wasserstein", "std_error", "score"]}},
            ["[study] objectives", "'score' is made of ks, mean_error, std_error", "does not stand beside them"],
        ),
        (
            {"study": {"name": "s", "objectives": ["score", "correlation_error"]}},
            ["[study] objectives", "'correlation_error' is between columns", "the data have one", "wasserstein"],
        ),
        ({"study": {"name": "s", "objectives": ["sliced_waserstein"]}}, ["did you mean 'sliced_wasserstein'"]),
        ({"study": {"name": "s", "objectives": "ks"}}, ['[study] objectives = "ks"', "list"]),
        # [data]
        ({"data": {}}, ["[data]", "one data set is expected", "distribution, file, mixture"]),
        ({"data": {"distribution": {"name": "norm"}, "file": "a.csv"}}, ["[data]", "one data set", "there are 2"]),
        ({"data": {"distributon": {"name": "norm"}}}, ["[data]", "'distributon'", "did you mean 'distribution'"]),
        ({"data": {"distribution": {"name": "norml"}}}, ["[data]", "'norml'", "did you mean 'norm'", "lognorm"]),
        ({"data": {"distribution": {"name": "norm", "scale": -1}}}, ["[data]", "scipy refuses", "scale = -1"]),
        ({"data": {"distribution": {"name": "cauchy"}}}, ["[data]", "no finite mean"]),
        ({"data": {"file": "none.csv"}}, ["[data]", "none.csv", "No such file"]),
        (
            {"data": {"distribution": {"name": "norm"}, "test_fraction": 0}},
            ["[data] test_fraction = 0", "greater than 0"],
        ),
        (
            {"data": {"distribution": {"name": "norm"}, "test_fraction": 1.0}},
            ["[data] test_fraction = 1.0", "less than 1"],
        ),
        (
            {"data": {"distribution": {"name": "norm"}, "rows": 4}},
            ["[data] rows = 4", "3 training and 1 test", "too few"],
        ),
        ({"data": {"distribution": {"name": "norm"}, "rows": 0}}, ["[data] rows = 0", "greater than or equal to 1"]),
        ({"data": {"distribution": {"name": "norm"}, "rows": "9"}}, ['[data] rows = "9"', "valid integer"]),
        # [evaluation], [confirm]
        ({"evaluation": {"generated": 1}}, ["[evaluation] generated = 1", "greater than or equal to 2"]),
        ({"evaluation": {"generate": 9}}, ["[evaluation]", "'generate'", "did you mean 'generated'"]),
        ({"confirm": {"top": -1}}, ["[confirm] top = -1", "greater than or equal to 0"]),
        ({"confirm": {"replicates": 0}}, ["[confirm] replicates = 0", "greater than or equal to 1"]),
        # sections
        ({"searh": {}}, ["section 'searh'", "did you mean 'search'"]),
        # [fixed]
        ({"fixed": {"latent_dim": 0}}, ["[fixed] latent_dim = 0", "greater than or equal to 1"]),
        ({"fixed": {"latent_dim": 43}}, ["[fixed] latent_dim = 43", "less than or equal to 42"]),
        ({"fixed": {"latent_dim": True}}, ["[fixed] latent_dim = True", "valid integer"]),
        ({"fixed": {"latent_dims": 1}}, ["[fixed]", "'latent_dims'", "did you mean 'latent_dim'"]),
        ({"fixed": {"learning_rate": "fast"}}, ["[fixed] learning_rate = 'fast'", "valid number"]),
        ({"fixed": {"learning_rate": {"float": [0.1, 1]}}}, ["[fixed] learning_rate", "stands in [search]"]),
        ({"fixed": {"encoder": [8, 0]}}, ["[fixed] encoder", "greater than or equal to 1"]),
        ({"fixed": {"optimizer": "adm"}}, ["[fixed] optimizer = 'adm'", "'adam'"]),
        ({"fixed": {"seed": 3}}, ["[fixed]", "'seed'"]),
        ({"fixed": {"variant": "vea"}}, ["[fixed]", "variant 'vea'", "known: ae, ", "did you mean 'vae'"]),
        ({"fixed": {"loss": "msee"}}, ["[fixed]", "loss 'msee'", "huber", "did you mean 'mse'"]),
        ({"fixed": {"latent_sampler": "priors"}}, ["[fixed]", "latent sampler 'priors'", "did you mean 'prior'"]),
        ({"fixed": {"variant": {"ae": {}, "vae": {}}}}, ["[fixed] variant", "one variant is expected"]),
        ({"fixed": {"variant": {"vae": {"beat": 1}}}}, ["[fixed]", "'vae'", "'beat'", "did you mean 'beta'"]),
        ({"fixed": {"variant": {"vae": {"beta": 0}}}}, ["[fixed]", "vae.beta = 0", "greater than 0"]),
        ({"fixed": {"variant": {"vae": {"beta": {"float": [1, 2]}}}}}, ["[fixed]", "vae.beta", "valid number"]),
        # [search]
        ({"search": {"latent_dm": {"int": [1, 2]}}}, ["[search]", "'latent_dm'", "did you mean 'latent_dim'"]),
        (
            {"search": {"latent_dim": {"int": [0, 42]}}},
            ["[search] latent_dim.int = [0, 42]", "latent_dim = 0", "equal to 1"],
        ),
        ({"search": {"latent_dim": {"int": [1, 43]}}}, ["[search] latent_dim.int", "latent_dim = 43", "equal to 42"]),
        ({"search": {"latent_dim": {"int": [5, 1]}}}, ["[search] latent_dim.int = [5, 1]", "lowest value 5 is above"]),
        ({"search": {"latent_dim": {"int": [1.0, 5]}}}, ["[search] latent_dim.int", "lowest = 1.0", "whole number"]),
        ({"search": {"latent_dim": {"int": [False, True]}}}, ["[search] latent_dim.int", "false", "whole number"]),
        ({"search": {"latent_dim": {"int": ["1", 5]}}}, ["[search] latent_dim.int", '"1"', "whole number"]),
        ({"search": {"latent_dim": {"int": [1]}}}, ["[search] latent_dim.int = [1]", "[lowest, highest]"]),
        ({"search": {"latent_dim": {"int": 5}}}, ["[search] latent_dim.int = 5", "list"]),
        ({"search": {"latent_dim": {"float": [1, 5]}}}, ["[search] latent_dim.float", "valid integer"]),
        ({"search": {"latent_dim": {"int": [1, 5], "off": 50}}}, ["[search] latent_dim.int", "off: latent_dim = 50"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "off": 1.5}}},
            ["[search] latent_dim.int", "off = 1.5", "whole number"],
        ),
        ({"search": {"latent_dim": {"int": [1, 5], "step": 0}}}, ["[search] latent_dim.int", "step = 0", "above 0"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "step": 3}}},
            ["[search] latent_dim.int", "step = 3", "whole number"],
        ),
        (
            {"search": {"latent_dim": {"int": [1, 5], "step": 5}}},
            ["[search] latent_dim.int", "step = 5", "whole number"],
        ),
        ({"search": {"dropout": {"float": [0.1, 0.45], "step": 0.1}}}, ["dropout.float", "step = 0.1", "0.1 to 0.45"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "log": 1}}},
            ["[search] latent_dim.int", "log = 1", "true or false"],
        ),
        ({"search": {"latent_dim": {"int": [1, 5], "log": True, "step": 2}}}, ["latent_dim.int", "exclude each other"]),
        ({"search": {"latent_dim": {"int": [1, 5], "lgo": True}}}, ["latent_dim", "'lgo'", "did you mean 'log'"]),
        (
            {"search": {"latent_dim": {"int": [1, 5], "choice": [1]}}},
            ["[search] latent_dim", "one of int, float, choice"],
        ),
        ({"search": {"latent_dim": 5}}, ["[search] latent_dim = 5", "stands in [fixed]"]),
        ({"search": {"dropout": {"float": [0.0, 0.5], "log": True}}}, ["[search] dropout.float", "above 0"]),
        ({"search": {"dropout": {"float": [0.0, 1.0]}}}, ["[search] dropout.float", "dropout = 1.0", "less than 1"]),
        ({"search": {"dropout": {"float": [0.0, 10**400]}}}, ["[search] dropout.float", "too large"]),
        ({"search": {"batch_norm": {"int": [0, 1]}}}, ["[search] batch_norm.int", "valid boolean"]),
        ({"search": {"scaling": {"choice": []}}}, ["[search] scaling.choice = []", "at least one value"]),
        ({"search": {"scaling": {"choice": ["none", "none"]}}}, ["[search] scaling.choice", '"none" is listed twice']),
        ({"search": {"dropout": {"choice": [0, 0.0]}}}, ["[search] dropout.choice", "listed twice"]),
        ({"search": {"scaling": {"choice": ["standart"]}}}, ["[search] scaling.choice", "'standart'", "'standard'"]),
        ({"search": {"variant": {"one_of": {}}}}, ["[search] variant.one_of is empty", "ae", "vae"]),
        ({"search": {"variant": {"choice": ["ae"]}}}, ["[search] variant", "[search.variant.one_of]"]),
        ({"search": {"variant": {"one_of": {"vea": {}}}}}, ["[search] variant.one_of", "'vea'", "did you mean 'vae'"]),
        ({"search": {"variant": {"one_of": {"vae": 1}}}}, ["[search] variant.one_of", "vae = 1", "table"]),
        ({"search": {"variant": {"one_of": {"vae": {"bet": 1}}}}}, ["variant.one_of", "'bet'", "did you mean 'beta'"]),
        (
            {"search": {"variant": {"one_of": {"vae": {"beta": {"float": [0, 1], "log": True}}}}}},
            ["[search] variant.one_of: vae.beta.float = [0, 1]", "vae.beta = 0", "greater than 0"],
        ),
        (
            {"fixed": {"latent_dim": 1}, "search": {"latent_dim": {"int": [1, 2]}}},
            ["[search] latent_dim", "[fixed] too"],
        ),
        # impossible pairs
        (
            {"fixed": {"loss": "binary_crossentropy", "scaling": "standard"}},
            ["[fixed] scaling = 'standard'", "'binary_crossentropy'", "'minmax'"],
        ),
        (
            {"fixed": {"scaling": "none"}, "search": {"loss": {"one_of": {"mse": {}, "binary_crossentropy": {}}}}},
            ["[fixed] scaling = 'none'", "'binary_crossentropy'", "'minmax'"],
        ),
        (
            {"fixed": {"loss": "binary_crossentropy"}, "compare": {"scaling": ["minmax", "none"]}},
            ["[compare] scaling=none", "'binary_crossentropy'"],
        ),
        # sampler = "grid"
        (
            {"study": {"name": "s", "sampler": "grid"}, "search": {"dropout": {"float": [0.1, 0.2]}}},
            ["[search] dropout", "grid", "step"],
        ),
        # [compare]
        ({"compare": {"varian": ["ae"]}}, ["[compare]", "'varian'", "did you mean 'variant'"]),
        ({"compare": {"variant": "ae"}}, ['[compare] variant = "ae"', "list"]),
        ({"compare": {"variant": []}}, ["[compare] variant = []", "list"]),
        ({"compare": {"variant": ["ae", "ae"]}}, ["[compare] variant", "listed twice"]),
        ({"compare": {"variant": ["ae", "vea"]}}, ["[compare] variant", "'vea'", "did you mean 'vae'"]),
        ({"compare": {"variant": [1]}}, ["[compare] variant = 1", "name of a variant"]),
        ({"compare": {"latent_dim": [1, 0]}}, ["[compare] latent_dim = 0", "greater than or equal to 1"]),
        ({"compare": {"learning_rate": [1, 1.0]}}, ["[compare] learning_rate", "listed twice"]),
        ({"fixed": {"variant": "ae"}, "compare": {"variant": ["ae"]}}, ["[compare] variant", "[fixed] too"]),
        ({"compare": {"variant.vae.beta": [1.0]}}, ["[compare] variant.vae.beta", "variant = 'vae' alone"]),
        ({"fixed": {"variant": "vae"}, "compare": {"variant.vae.bta": [1]}}, ["[compare]", "'bta'", "'beta'"]),
        ({"fixed": {"variant": {"vae": {"beta": 1}}}, "compare": {"variant.vae.beta": [1]}}, ["fixed already"]),
        (
            {"search": {"variant": {"one_of": {"ae": {}}}}, "compare": {"variant": ["ae", "vae"]}},
            ["[compare] variant", "'vae'", "[search.variant.one_of]"],
        ),
    ],
)
def test_bad_input_is_one_message_with_file_section_key_value_and_what_is_allowed(study, sections, words):
    path = study(**sections)
    with pytest.raises(InputError) as error:
        load(path)
    message = str(error.value)
    for word in [f"{path}: ", *words]:
        assert word in message
    assert "\n" not in message


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "line",
    [
        "[fixed]\nlearning_rate = {}",
        "[search]\nlearning_rate.float = [0.1, {}]",
        "[search]\nlearning_rate = {{ float = [0.1, 1.0], step = {} }}",
        "[search]\ndropout = {{ float = [0.1, 0.5], off = {} }}",
        "[search]\nlearning_rate.choice = [0.1, {}]",
        "[fixed.variant.vae]\nbeta = {}",
        "[search.variant.one_of.vae]\nbeta.float = [0.1, {}]",
    ],
)
def test_numbers_that_are_not_finite_are_refused(study, line, value):
    with pytest.raises(InputError, match=r"s\.toml: \[(fixed|search)\]"):
        load(study(text_of() + line.format(value) + "\n"))


def test_numbers_of_thousands_of_digits_are_refused(study):
    with pytest.raises(InputError, match=r"s\.toml: broken TOML"):
        load(study(f"a = {'9' * 5000}"))
    with pytest.raises(InputError, match=r"\[fixed\] learning_rate = 9+: "):
        load(study(fixed={"learning_rate": int("9" * 400)}))


def test_broken_toml_names_line_and_column(study):
    with pytest.raises(InputError, match=r"s\.toml: broken TOML: .*line 2, column 8"):
        load(study("[study]\nname = \n"))
    with pytest.raises(InputError, match="nested too deeply"):
        load(study("a = " + "[" * 100_000))


def test_a_missing_file_names_the_nearest(study):
    folder = study().parent
    for name in ("pyproject.toml", "gaussian.toml", "studies/bimodal.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    for name, nearest in (("gausian", "gaussian.toml"), ("bimodl.toml", "studies/bimodal.toml")):
        with pytest.raises(InputError, match=f"{name}: .*No such file.*; did you mean '{folder / nearest}'"):
            load(folder / name)
    for name in ("t.toml", "project.toml", "none/gaussian.toml"):
        with pytest.raises(InputError, match=r"toml: the study file cannot be read: No such file or directory$"):
            load(folder / name)


def test_a_folder_and_bytes_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(InputError, match="Is a directory"):
        load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"[study]\nname = '\xe9'\n")
    with pytest.raises(InputError, match=r"latin\.toml: not UTF-8 text \(byte 16\)"):
        load(tmp_path / "latin.toml")


def test_an_unreadable_file_is_refused(study):
    path = study()
    path.chmod(0)
    with pytest.raises(InputError, match=r"s\.toml.*Permission denied"):
        unprivileged(lambda: load(path))


@pytest.mark.parametrize("text", ["", "study = 3\n[data]\n", "[study]\nname = 's'\n", "[[study]]\n[data]\n"])
def test_missing_sections_and_sections_that_are_no_tables_are_refused(study, text):
    with pytest.raises(InputError, match=r"s\.toml: .*\[?(study|data)\]?"):
        load(study(text))


@pytest.mark.parametrize("section", ["fixed", "search", "compare", "evaluation", "confirm"])
def test_a_section_that_is_a_value_is_refused(study, section):
    with pytest.raises(InputError, match=rf"\[{section}\] .*table"):
        load(study(f"{section} = 3\n" + text_of()))


def test_too_few_rows_in_a_file_for_the_split(study, tmp_path):
    (tmp_path / "my.csv").write_text("a\n" + "".join(f"{i}\n" for i in range(10)))
    with pytest.raises(InputError, match=r"rows = 11: the data set has 10"):
        load(study(data={"file": "my.csv", "rows": 11}))
    with pytest.raises(InputError, match=r"rows = 10 .* 7 training and 3 test rows: too few, at least 2 and 4"):
        load(study(data={"file": "my.csv"}))
    assert load(study(data={"file": "my.csv", "test_fraction": 0.4})).rows == 10


# Any valid file


INTS = {"latent_dim": (1, 42), "epochs": (1, 5000), "batch_size": (1, 500), "patience": (1, 100)}
FLOATS = {"learning_rate": (1e-7, 10.0), "dropout": (0.0, 0.9), "l2_activity": (0.0, 5.0), "l2_weights": (0.0, 5.0)}
OPTIONS = {
    "optimizer": ["adam", "adamw", "rmsprop", "sgd", "adadelta"],
    "batch_norm": [False, True],
    "decoder_noise": [False, True],
    "scaling": ["standard", "minmax", "none"],
    "early_stopping": ["off", "training_loss", "validation_loss"],
    "encoder": [[200, 200, 50], [8], [16, 16]],
}
PARTS = {
    "variant": {"ae": {}, "vae": {"beta": (1e-6, 100.0), "warm_up": (0, 100)}},
    "loss": {"mse": {}, "huber": {"delta": (0.01, 10.0)}, "binary_crossentropy": {}, "gaussian_nll": {}},
    "latent_sampler": {
        "prior": {},
        "gaussian": {"covariance": ["diagonal", "full"], "codes": ["mean", "sampled"], "scale": (0.1, 5.0)},
        "gmm": {"max_components": (1, 10)},
    },
}


def values(bounds):
    if isinstance(bounds, list):
        return st.sampled_from(bounds)
    return st.integers(*bounds) if isinstance(bounds[0], int) else st.floats(*bounds).map(abs)  # no -0.0


@st.composite
def nodes(draw, bounds):
    if isinstance(bounds, list) or draw(st.booleans()):
        return {"choice": draw(st.lists(values(bounds), min_size=1, max_size=3, unique_by=toml))}
    low, high = sorted([draw(values(bounds)), draw(values(bounds))])
    node = {"int" if isinstance(low, int) else "float": [low, high]}
    how = draw(st.sampled_from(["plain", "log", "step"]))
    if how == "log" and low > 0:
        node["log"] = True
    if how == "step" and isinstance(low, int) and high > low:
        count = draw(st.sampled_from([n for n in range(1, high - low + 1) if (high - low) % n == 0]))
        node["step"] = (high - low) // count
    if how == "step" and isinstance(low, float):
        hundredths = draw(st.integers(1, 9))
        node = {"float": [0.1, float(f"{0.1 + hundredths * draw(st.integers(1, 8)) / 100:.2f}")]}
        node["step"] = hundredths / 100
    if draw(st.booleans()):
        node["off"] = draw(values(bounds))
    return node


@st.composite
def tables(draw):
    fixed, search = {}, {}
    for name, bounds in {**INTS, **FLOATS, **OPTIONS}.items():
        how = draw(st.sampled_from(["default", "fixed", "search"]))
        if how == "fixed":
            fixed[name] = draw(values(bounds))
        elif how == "search":
            search[name] = draw(nodes(bounds))
    for kind, known in PARTS.items():
        how = draw(st.sampled_from(["default", "name", "fixed", "search"]))
        names = draw(st.lists(st.sampled_from(sorted(known)), min_size=1, unique=True))
        if how == "name":
            fixed[kind] = names[0]
        elif how == "fixed":
            fixed[kind] = {names[0]: {key: draw(values(own)) for key, own in known[names[0]].items()}}
        elif how == "search":
            search[kind] = {
                "one_of": {
                    name: {key: draw(st.one_of(values(own), nodes(own))) for key, own in known[name].items()}
                    for name in names
                }
            }
    losses = [fixed["loss"]] if isinstance(fixed.get("loss"), str) else fixed.get("loss", {})
    losses = [*losses, *search.get("loss", {}).get("one_of", {})]
    if "binary_crossentropy" in losses and "scaling" in fixed:
        fixed["scaling"] = "minmax"
    return {"fixed": fixed, "search": search}


def assert_in(node, value, path):
    """Check a suggested value against the plain node that it came from."""
    if not isinstance(node, dict):
        assert value == (tuple(node) if isinstance(node, list) else node), path
    elif "choice" in node:
        assert value in [tuple(option) if isinstance(option, list) else option for option in node["choice"]], path
    else:
        low, high = node.get("int", node.get("float"))
        assert value == node.get("off") or low <= value <= high, path


@settings(max_examples=60, deadline=None)
@given(tables(), st.integers(0, 2**31 - 1))
def test_any_valid_study_file_samples_valid_specs_only(tmp_path_factory, sections, seed):
    path = tmp_path_factory.mktemp("studies") / "s.toml"
    path.write_text(text_of(**sections))
    definition = load(path)
    assert from_plain(json.loads(json.dumps(to_plain(definition)))) == definition
    (arm,) = definition.arms
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    search.enqueue_trial(arm.space.unit_point([seed / 2**31] * arm.space.dimensions))
    points = [arm.space.suggest(RandomTrial(seed + i)) for i in range(5)]
    points += [arm.space.suggest(search.ask()) for _ in range(3)]
    if arm.space.size is not None and arm.space.size <= 300:
        cells = list(arm.space.grid())
        assert len({json.dumps(cell) for cell in cells}) == len(cells) == arm.space.size
        search.enqueue_trial(cells[-1])
        points.append(arm.space.suggest(search.ask()))
    for point in points:
        spec = Spec.from_flat({**point, "seed": seed})
        assert Spec.from_flat(spec.flat()) == spec
        flat = spec.flat()
        for name, node in {**sections["fixed"], **sections["search"]}.items():
            if name in PARTS:
                branches = {node: {}} if isinstance(node, str) else node.get("one_of", node)
                assert flat[name] in branches
                for key, own in branches[flat[name]].items():
                    assert_in(own, flat[f"{name}.{flat[name]}.{key}"], name)
            elif name != "scaling" or flat["loss"] != "binary_crossentropy":
                assert_in(node, flat[name], name)
            else:
                assert flat["scaling"] == "minmax"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_other_bytes_are_one_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("studies") / "s.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"s\.toml: "):
        load(path)


JSON = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from(["", "ae", "vae", "norm"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["int", "float", "choice", "one_of", "off", "step", "vae", "beta"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["latent_dim", "learning_rate", "variant", "loss", "encoder", "rows", "file", "mixture", "name", "top"]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["study", "data", "fixed", "search", "compare", "confirm"]), st.dictionaries(KEYS, JSON, max_size=2)
)
def test_any_table_is_a_study_or_one_clear_error(tmp_path_factory, section, table):
    path = tmp_path_factory.mktemp("studies") / "s.toml"
    path.write_text(text_of(**{section: table}))
    try:
        definition = load(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
    else:
        assert from_plain(to_plain(definition)) == definition
