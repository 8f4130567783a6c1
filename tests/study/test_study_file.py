"""Study files that are valid: what they mean, how they are stored, what may change."""

import dataclasses
import json
import subprocess
import sys

import pytest
from study_files import STUDIES, text_of

from vaebench.data_sets.distribution import Distribution
from vaebench.errors import InputError
from vaebench.study.file import difference, from_plain, load, load_name, to_plain
from vaebench.study.space import Choice, Fixed, Float, Int, OneOf, RandomTrial
from vaebench.study.spec import Spec


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


def test_its_name_can_be_read_where_its_network_is_not_known(study):
    file = study(fixed={"network": "elsewhere"})
    with pytest.raises(InputError, match="unknown network 'elsewhere'"):
        load(file)
    assert load_name(file) == "s"


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
    tables = {"epochs": 3, "variant": "ae"}, {"latent_dim": {"int": [1, 2]}, "loss": {"one_of": {"mse": {}, "mae": {}}}}
    spaces = []
    for fixed, search in (tables, tuple(dict(reversed(table.items())) for table in tables)):
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
    (tmp_path / "my.csv").write_text("a,b\n" + "".join(f"{i / 2},{i * i}\n" for i in range(50)))
    path = study(data={"file": "my.csv"})
    before = load(path)
    assert (before.rows, before.data_set.columns) == (50, ("a", "b"))
    assert from_plain(json.loads(json.dumps(to_plain(before)))) == before
    (tmp_path / "my.csv").write_text("a,b\n" + "".join(f"{i / 2},{i * i + 1}\n" for i in range(50)))
    (line,) = difference(before, load(path))
    assert line == "data.file: its content has changed since the study began (still 50 rows); restore it to go on"


def test_a_data_file_that_moved_is_no_difference(study, tmp_path):
    (tmp_path / "my.csv").write_text("a\n" + "".join(f"{i * i}\n" for i in range(50)))
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
