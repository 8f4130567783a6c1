"""Reads a study file (TOML) into a study definition, and writes a definition back as plain values.

Every error is an InputError that names file, section, key, value and what is allowed.

    sections    [study], [data], [evaluation], [confirm]: keys, defaults, bounds
    parameters  [fixed] and [search]: tables to nodes of a space, and back
    compare     [compare]: the arms
    objectives  whether they can be measured on the columns
    bounds      [data.columns]: kinds of columns, their lowest and highest values
    earlier     the defaults of earlier versions
    values      one value shown, listed, located
"""

import os
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from vaebench import parts
from vaebench.errors import InputError, unknown
from vaebench.networks import KerasNetwork, Network
from vaebench.networks._file import NetworkFile, remember
from vaebench.study.definition import STAGE, Arm, StudyDefinition
from vaebench.study.file.bounds import write_bounds
from vaebench.study.file.compare import read_arms
from vaebench.study.file.earlier import going_on, with_earlier_defaults
from vaebench.study.file.objectives import check_objectives
from vaebench.study.file.parameters import read_nodes, write_nodes
from vaebench.study.file.sections import ConfirmSection, EvaluationSection, StudySection, read_data, read_section
from vaebench.study.file.values import flatten, listed, located, show
from vaebench.study.replicate import DEFAULTS
from vaebench.study.space import Space, layers_from_spec
from vaebench.study.spec import LAYERS

SECTIONS = ("study", "data", "evaluation", "fixed", "search", "confirm", "compare")
EXTENDING = ("study.trials", "study.question", "study.trial_minutes", "confirm", "data.file.path")
"""Keys that may change when a study is run again: a larger budget, a limit, another wording, a data file that moved."""
IN_WORDS = ("data.file.sha256", "data.file.available_rows", "data.file.table")
"""Stored values that say nothing to a reader: the data set puts their change in words."""
_UNSET = object()


def load(path: Path) -> StudyDefinition:
    """Read a study file. Raises InputError for anything that is not a valid study."""
    tables = read_toml(path)
    with located(f"{path}: "):
        return read(tables, path.absolute().parent)


def load_name(path: Path) -> str:
    """Return the name of the study in a file, whose networks need not be known. Raises InputError."""
    tables = read_toml(path)
    with located(f"{path}: "):
        if "study" not in tables:
            raise InputError("section [study] is missing")
        return read_section(StudySection, "study", tables["study"]).name


def read(tables: Mapping[str, Any], folder: Path) -> StudyDefinition:
    """Read the tables of a study file that is in `folder`. Raises InputError for anything that is not a valid study."""
    for section in tables:
        if section not in SECTIONS:
            raise InputError(unknown("section", section, SECTIONS))
    for section in ("study", "data"):
        if section not in tables:
            raise InputError(f"section [{section}] is missing")
    arms = read_arms(tables.get("fixed", {}), tables.get("search", {}), tables.get("compare", {}))
    networks = {name: parts.load(Network, name) for arm in arms for name in arm.branches("network")}
    files = (network.file for network in networks.values() if issubclass(network, KerasNetwork))
    named = tuple(file for file in files if file is not None)
    return replace(_definition(tables, arms, folder), networks=named)


def to_plain(definition: StudyDefinition) -> dict[str, Any]:
    """Return the definition as plain, JSON-able values laid out as in a study file, with defaults filled in.

    The arms of [compare] are under "arms" by name, each with its own "fixed" and "search".
    """
    plain: dict[str, Any] = {
        "study": {
            "name": definition.name,
            "question": definition.question,
            "objectives": list(definition.objectives),
            "trials": definition.trials,
            "replicates": definition.replicates,
            "pruning": definition.pruning,
            "seed": definition.seed,
            "sampler": definition.sampler,
            "batch": definition.batch,
            "trial_minutes": definition.trial_minutes,
        },
        "data": {
            definition.data_set.name: listed(definition.data_set.plain()),
            "rows": definition.rows,
            "test_fraction": definition.test_fraction,
        },
        "defaults": definition.defaults,
        "evaluation": {"generated": definition.generated, "true": definition.true},
        "confirm": {"top": definition.confirm_top, "replicates": definition.confirm_replicates},
    }
    if definition.support.learned:
        plain["data"]["learn_support"] = True
    if bounds := write_bounds(definition.support.bounds, definition.data_set):
        plain["data"]["columns"] = bounds
    if definition.networks:
        plain["networks"] = {
            file.name: {"sha256": file.sha256, "parameters": dict(file.defaults)} for file in definition.networks
        }
    if [arm.name for arm in definition.arms] == [""]:
        return plain | write_nodes(definition.arms[0].space)
    return plain | {"arms": {arm.name: write_nodes(arm.space) for arm in definition.arms}}


def shareable(definition: StudyDefinition) -> dict[str, Any]:
    """Return `to_plain` with a data file's name in place of its path, for what is passed on: a report, MLflow."""
    plain = to_plain(definition)
    if "file" in plain["data"]:
        plain["data"]["file"]["path"] = Path(plain["data"]["file"]["path"]).name
        plain["data"]["file"].pop("table", None)  # it has values of the rows
    return plain


def may_change(path: str) -> bool:
    """Return whether the value at `path`, such as "study.trials", may change when a study is run again."""
    return any(path == free or path.startswith(f"{free}.") for free in EXTENDING)


def from_plain(plain: Mapping[str, Any]) -> StudyDefinition:
    """Invert `to_plain`. Nothing is read from disk."""
    spaces = plain.get("arms") or {"": plain}
    files = plain.get("networks", {}).items()
    networks = tuple(remember(NetworkFile(name, file["sha256"], file["parameters"])) for name, file in files)
    with located(f"stored definition of study {plain['study']['name']!r}: "):
        arms = tuple(
            Arm(name=name, space=Space(read_nodes(tables.get("fixed", {}), tables.get("search", {}))))
            for name, tables in spaces.items()
        )
        definition = replace(_definition(plain, arms, None), networks=networks)
    if "defaults" not in plain:
        return with_earlier_defaults(definition)
    if plain["defaults"] not in range(1, DEFAULTS + 1):
        raise ValueError(f"defaults {plain['defaults']!r}")
    return replace(definition, defaults=plain["defaults"])


def difference(old: StudyDefinition, new: StudyDefinition) -> list[str]:
    """Return the differences between two definitions as "path: old -> new", without those that may change."""
    before, after = dict(flatten(to_plain(old))), dict(flatten(to_plain(going_on(old, new))))
    shown = (path for path in dict.fromkeys([*before, *after]) if not may_change(path) and path not in IN_WORDS)
    lines = [
        f"{path}: {_shown(before, path)} -> {_shown(after, path)}"
        for path in shown
        if before.get(path, _UNSET) != after.get(path, _UNSET)
    ]
    return [*old.data_set.changes(new.data_set), *lines]


def _definition(tables: Mapping[str, Any], arms: tuple[Arm, ...], folder: Path | None) -> StudyDefinition:
    _check_layers(arms)
    study = read_section(StudySection, "study", tables["study"])
    evaluation = read_section(EvaluationSection, "evaluation", tables.get("evaluation", {}))
    confirm = read_section(ConfirmSection, "confirm", tables.get("confirm", {}))
    if study.pruning and len(study.objectives) > 1:
        raise InputError(f"[study] pruning = true: it takes one objective, there are {len(study.objectives)}")
    if study.pruning and study.replicates <= STAGE:
        raise InputError(
            f"[study] replicates = {study.replicates} with pruning = true: a trial can be pruned after "
            f"{STAGE}, so more than {STAGE} are needed"
        )
    if study.sampler == "grid":
        for arm in arms:
            for path in arm.space.gridless:
                raise InputError(
                    f'[search] {path} is a range without steps, which sampler = "grid" cannot go through: '
                    "give it a step, or a choice of values"
                )
    data_set, rows, test_fraction, support = read_data(tables["data"], folder)
    check_objectives(study.objectives, len(data_set.columns), support)
    return StudyDefinition(
        name=study.name,
        question=study.question,
        objectives=tuple(study.objectives),
        trials=study.trials,
        replicates=study.replicates,
        pruning=study.pruning,
        seed=study.seed,
        sampler=study.sampler,
        batch=study.batch,
        trial_minutes=study.trial_minutes,
        data_set=data_set,
        rows=rows,
        test_fraction=test_fraction,
        support=support,
        generated=evaluation.generated,
        true=evaluation.true,
        arms=arms,
        confirm_top=confirm.top,
        confirm_replicates=confirm.replicates,
    )


def _check_layers(arms: tuple[Arm, ...]) -> None:
    """Raise InputError if there are settings of layers, and only networks that have layers of their own."""
    networks = {name for arm in arms for name in arm.branches("network")}
    given = [name for arm in arms for name in LAYERS if name in arm.space.nodes]
    if given and not any(map(layers_from_spec, networks)):
        raise InputError(
            f"{given[0]} shapes the network 'mlp', and this study has {', '.join(sorted(networks))}, with layers of "
            "their own: leave it out, or add 'mlp' to the networks"
        )


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a study file. Raises InputError where it cannot be read or is broken TOML."""
    if path.suffix.lower() in (".csv", ".tsv", ".parquet", ".gz") and path.is_file():
        raise InputError(
            f"{path} is a table, and a study file is expected, with [data] file = {show(path.name)}; "
            f"'vaebench check {shlex.quote(str(path))}' shows its columns"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text)
    except OSError as error:
        raise InputError(f"{path}: the study file cannot be read: {error.strerror}{_nearest(path)}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise InputError(f"{path}: broken TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: broken TOML: nested too deeply") from None


def _nearest(path: Path) -> str:
    """Return a hint at the study file that was probably meant, from the folder of `path` or studies/ in it."""
    folders = (path.parent / "studies", path.parent)
    files = {file.stem: file for folder in folders for file in folder.glob("*.toml") if file.name != "pyproject.toml"}
    nearest = [] if os.path.exists(path) else get_close_matches(path.stem, files, n=1)
    return f"; did you mean {str(files[nearest[0]])!r}?" if nearest else ""


def _shown(leaves: Mapping[str, Any], path: str) -> str:
    return show(leaves[path]) if path in leaves else "(not set)"
