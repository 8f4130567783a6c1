"""What the guides list of the code is what the code has: keys, defaults, parts, metrics, remedies."""

import re
from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pandas as pd
from documents import DOCS, blocks, table

from vaebench.baselines import Baseline
from vaebench.data_sets import DataSet
from vaebench.data_sets.distribution import Distribution
from vaebench.data_sets.file import File
from vaebench.data_sets.ring import Ring
from vaebench.latent_samplers import LatentSampler
from vaebench.losses import Loss
from vaebench.networks import Network
from vaebench.parts import load, make, modules
from vaebench.rows import Support
from vaebench.scoring.score import measure
from vaebench.study.definition import Objective, Sampler
from vaebench.study.file import load as read
from vaebench.study.file import to_plain
from vaebench.study.spec import FIELDS, Spec
from vaebench.trial.diagnosis import REMEDIES
from vaebench.variants import Variant

STUDY_FILES, LEADERBOARD, DIAGNOSIS = (DOCS / f"{name}.md" for name in ("study-files", "leaderboard", "diagnosis"))
(ALL_KEYS,) = (block.text for block in blocks(STUDY_FILES) if block.name == "all_keys.toml")


def names(cell: str) -> list[str]:
    return cell.split(", ")


def shown(value: object) -> str:
    """Return a default as the guide writes it."""
    text = str(list(value) if isinstance(value, tuple) else value)
    return text.lower() if isinstance(value, bool) else text


def defaults(kind: type, part: str) -> dict[str, str]:
    own = make(kind, part)
    return {field.name: shown(getattr(own, field.name)) for field in fields(own)}


def test_the_remedies_are_those_that_a_diagnosis_gives():
    assert {row[0]: row[2] for row in table(DIAGNOSIS, "name")} == REMEDIES


def test_all_keys_are_all_keys_with_their_defaults(tmp_path):
    (tmp_path / "all.toml").write_text(ALL_KEYS)
    least = '[study]\nname = "gaussian"\n[data]\ndistribution = { name = "norm", loc = 100, scale = 10 }\n'
    (tmp_path / "least.toml").write_text(least)
    complete, bare = (to_plain(read(tmp_path / name)) for name in ("all.toml", "least.toml"))
    for section in ("study", "data", "evaluation", "confirm"):
        assert complete[section] == bare[section], section
        (text,) = re.findall(rf"^\[{section}\].*\n((?:\w+ = .*\n)+)", ALL_KEYS, re.MULTILINE)
        assert re.findall(r"^\w+", text, re.MULTILINE) == list(bare[section])


def test_samplers_and_objectives_are_listed():
    (comment,) = re.findall(r"^sampler = .*# (.*)$", ALL_KEYS, re.MULTILINE)
    assert set(re.findall(r"\w+", comment)) >= set(get_args(Sampler))
    rows = table(STUDY_FILES, "objective")
    assert [name for row in rows for name in names(row[0])] == list(get_args(Objective))


def test_snippets_of_toml_are_read(tmp_path):
    snippets = [block.text for block in blocks(STUDY_FILES) if block.kind == "toml" and not block.name]
    assert len(snippets) >= 2
    columns = {
        "postcode": 4021,
        "day": "03/04/2024",
        "sales": [f"{1 + x}.183" for x in range(40)],
        "income": [x / 3 for x in range(40)],
    }
    pd.DataFrame(columns).to_csv(tmp_path / "my.csv", index=False)
    for snippet in snippets:
        data = 'file = "my.csv"' if "postcode" in snippet else 'distribution = { name = "norm" }'
        study = f'[study]\nname = "a"\n[data]\n{data}\n'
        (tmp_path / "snippet.toml").write_text(study + snippet)
        assert read(tmp_path / "snippet.toml").arms


def test_every_form_of_a_range_is_read(tmp_path):
    owners = {"int": "patience", "float": "dropout", "choice": "optimizer"}
    forms = [form for row in table(STUDY_FILES, "form") for form in re.findall(r"\{.*?\}", " ".join(row))]
    assert len(forms) == 7
    for form in forms:
        name = "encoder" if "[[" in form else owners[re.findall(r"\w+", form)[0]]
        study = f'[study]\nname = "a"\n[data]\ndistribution = {{ name = "norm" }}\n[search]\n{name} = {form}\n'
        (tmp_path / "form.toml").write_text(study)
        assert read(tmp_path / "form.toml").arms[0].space.names


def test_every_data_set_is_shown_as_it_is_written(tmp_path):
    lines = [row[0] for row in table(STUDY_FILES, "`[data]`")]
    assert {line.partition(" = ")[0] for line in lines} == set(modules(DataSet))
    pd.DataFrame({"height": np.arange(40.0) ** 2, "weight": np.arange(40) / 3}).to_csv(tmp_path / "my.csv", index=False)
    for line in lines:
        (tmp_path / "data.toml").write_text(f'[study]\nname = "a"\n[data]\n{line}\n')
        found = read(tmp_path / "data.toml")
        assert found.rows == (found.data_set.available_rows or 100)


def test_every_parameter_is_listed_with_its_default():
    listed = {}
    for row in table(STUDY_FILES, "name"):
        values = re.findall(r"\[.*?\]|[^, ]+", row[1])
        listed |= dict(zip(names(row[0]), values, strict=True))
    spec = Spec()
    expected = {name: getattr(spec, name) for name in FIELDS if name != "seed"}
    assert listed == {name: getattr(value, "name", None) or shown(value) for name, value in expected.items()}


def test_every_variant_loss_latent_sampler_and_network_is_listed_with_its_defaults():
    kinds = (Variant, "variant"), (Loss, "loss"), (LatentSampler, "latent sampler"), (Network, "network")
    for kind, first in kinds:
        rows = table(STUDY_FILES, first)
        assert {name for row in rows for name in names(row[0])} == set(modules(kind))
        for row in rows:
            for name in names(row[0]):
                assert dict(pair.split(" ") for pair in names(row[2]) if pair) == defaults(kind, name)


def test_every_baseline_is_listed():
    assert {row[0] for row in table(LEADERBOARD, "baseline")} == set(modules(Baseline))
    copying = [name for name in modules(Baseline) if load(Baseline, name).copies]
    told = {row[0] for row in table(LEADERBOARD, "baseline") if "copies" in row[1] or "copycat" in row[1]}
    assert told == set(copying), "the guide says that attainable errors come from every baseline that copies no rows"


def test_every_metric_is_listed_and_those_of_confirmed_rows_are_in_italics(tmp_path):
    random = np.random.default_rng(0)
    pd.DataFrame(random.normal(size=(700, 2)), columns=["a", "b"]).to_csv(tmp_path / "rows.csv", index=False)
    file = File.parse("rows.csv", tmp_path)
    normal = Distribution.parse({"name": "norm"}, tmp_path)
    measured: dict[str, set[str]] = {"search": set(), "confirm": set()}
    for data_set in (file, normal, Ring()):
        draw = data_set.draw(random, rows=700, test_fraction=0.33, true=115, generated=115)
        generated = random.normal(size=(200, len(data_set.columns)))
        for phase, found in measured.items():
            found |= {name for name in measure(generated, draw, data_set, phase) if "." not in name}
            if data_set is file:  # as if of a category, with an empty cell
                mixed = replace(
                    draw,
                    true=np.where(draw.true == draw.true[0], np.nan, draw.true),
                    support=Support(kinds=("number", "category")),
                )
                found |= {name for name in measure(generated, mixed, data_set, phase) if "." not in name}
    main = {"ks", "mean_error", "std_error"}
    rows = table(LEADERBOARD, "`metric.NAME`")
    listed = {name for row in rows for name in names(row[0])}
    assert listed == measured["confirm"] - main | {"search_score"}
    italics = set(re.findall(r"\*`(\w+)`\*", LEADERBOARD.read_text()))
    assert italics == measured["confirm"] - measured["search"]
