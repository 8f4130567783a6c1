"""The output of `check`: a study's data, budget and cost, its space, a few sampled specs, and doubts."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click
import numpy as np

from vaebench.cli.columns import lines
from vaebench.cli.doubts import doubts
from vaebench.cli.options import duration
from vaebench.data_sets import split_sizes
from vaebench.data_sets.file import File
from vaebench.scoring.race import FIRST
from vaebench.study.definition import Arm, StudyDefinition
from vaebench.study.file.parameters import write_nodes
from vaebench.study.file.values import show
from vaebench.study.space import RandomTrial, required_scaling
from vaebench.study.spec import PARTS, Spec
from vaebench.study.support import ColumnSupport, supports
from vaebench.trial.kept_generators import LEARNED

SPECS = 3
"""Specs sampled from the space; with several arms, one from each of the first."""
SAMPLED = 64
"""Specs sampled from each arm to see what their saved generators hold."""
SECONDS = 0.4
"""Rough time of one fit of the shipped studies' networks, in seconds on one core."""
WIDTH = 100


def describe(definition: StudyDefinition, trials: int | None) -> None:
    """Print what the study searches and what it costs."""
    arms = len(definition.arms)
    if trials is not None:
        definition = replace(definition, trials=trials)
    searched = sum(definition.targets.values())
    top, confirmed = definition.confirm_top, definition.most_confirmed(searched)
    fits = searched * definition.replicates + confirmed * definition.confirm_replicates
    train, test = split_sizes(definition.rows, definition.test_fraction)
    budget = f"{searched} trials" + (f" of {arms} arms" if arms > 1 else "")
    if arms > 1 and searched == arms * definition.trials:
        budget = f"{definition.trials} trials of each of {arms} arms"
    if searched < arms * definition.trials:
        budget += f", each combination once (trials = {definition.trials} are more than there are)"
    budget += f" x {definition.replicates} replicates{' with pruning' if definition.pruning else ''}"
    if top:
        groups = ["variant"] * (len(definition.variants) > 1) + ["arm"] * (arms > 1)
        best_of = f" and the best of each {' and '.join(groups)}" if groups else ""
        fewer = ", fewer if plainly worse" if definition.confirm_replicates > FIRST else ""
        draws = f"{definition.confirm_replicates} further draws{fewer}"
        budget += f", then the best {top}{best_of} x {draws}"
    click.echo(f"{definition.name}: {definition.question}" if definition.question else definition.name)
    _line("data", f"{definition.data_set.name} {_table(definition.data_set.plain())}")
    true = definition.true if definition.fresh_draws else test - test // 2
    held_out = "" if definition.fresh_draws else f", half of them ({true}) as true samples"
    _line("rows", f"{definition.rows}: {train} to train, {test} held out{held_out}")
    _line("columns", ", ".join(_columns(definition)))
    if isinstance(definition.data_set, File):
        for line in lines(definition.data_set.table):
            click.echo(f"  {line}")
    _line("scored", f"{definition.generated} generated rows against {true} true samples, on each replicate")
    if kept := _kept(definition):
        _line("kept", f"of these rows, a saved generator may hold {'; '.join(kept)}")
    _line("objectives", f"{', '.join(definition.objectives)}; sampler {definition.sampler}")
    _line("budget", f"{budget}: at most {fits} fits; {duration(fits * SECONDS)} on one core at {SECONDS:g} s each")
    shared = _shared(definition.arms)
    if shared:
        click.echo()
        _line("space", f"in each of {arms} arms")
        _describe_ranges(shared)
    for place, arm in enumerate(definition.arms):
        _describe_arm(arm, SPECS if arms == 1 else int(place < SPECS), shared)
    _describe_doubts(definition)


def _columns(definition: StudyDefinition) -> list[str]:
    """Return the columns, each with the values it can have as far as the first search draw shows."""
    levels = definition.support.levels or (0,) * len(definition.data_set.columns)
    found = zip(definition.data_set.columns, _known(definition), levels, strict=True)
    return [
        f"{name} ({count} categories)" if count else f"{name} ({of})" if str(of) else name for name, of, count in found
    ]


def _known(definition: StudyDefinition) -> tuple[ColumnSupport, ...]:
    draw = definition.replicate("search", 0).draw()
    return supports(draw.support, draw.train)


def _kept(definition: StudyDefinition) -> list[str]:
    """Return what a saved generator holds verbatim of a file's rows, with some configuration."""
    if definition.fresh_draws:
        return []
    sampled = [arm.space.suggest(RandomTrial(index)) for arm in definition.arms for index in range(SAMPLED)]
    kept = list(dict.fromkeys(what for values in sampled for what in Spec.from_flat(values).keeps))
    learned = any(of.values or (of.whole and np.isfinite(of.high - of.low)) for of in _known(definition))
    return [*kept, *([LEARNED] if learned else [])]


def _describe_doubts(definition: StudyDefinition) -> None:
    for doubt in doubts(definition):
        click.echo()
        _line("warning", doubt.brief)
        for line in doubt.details:
            _line("", line)


def _shared(arms: Sequence[Arm]) -> dict[str, str]:
    """Return the searched parameters that several arms have in common, each with its range."""
    first, *others = (dict(_searched(arm)) for arm in arms)
    return {name: text for name, text in first.items() if others and all(o.get(name) == text for o in others)}


def _describe_arm(arm: Arm, specs: int, shared: Mapping[str, str]) -> None:
    size = arm.space.size
    points = "continuous" if size is None else f"{size} combination{'s' * (size > 1)}"
    if specs:
        click.echo()
    dimensions = f"{arm.space.dimensions} dimension{'s' * (arm.space.dimensions != 1)}"
    _line("space", f"{arm.name + ': ' if arm.name else ''}{dimensions}, {points}")
    searched = dict(_searched(arm))
    _describe_ranges({name: text for name, text in searched.items() if name not in shared})
    for loss in arm.branches("loss"):
        if "scaling" in searched and (scaling := required_scaling(loss)):
            _line("", f"with loss {loss} scaling is always {scaling}")
    shown = {*PARTS, *(name.removesuffix(".off") for name in arm.space.names)}
    examples = (Spec.from_flat(arm.space.suggest(RandomTrial(index))).flat() for index in range(specs))
    pairs = (
        " ".join(f"{name}={_text(value)}" for name, value in values.items() if name in shown) for values in examples
    )
    for example in dict.fromkeys(pairs):
        _line("for example", example)


def _describe_ranges(searched: Mapping[str, str]) -> None:
    at = max(map(len, searched), default=0) + 4
    for name, text in searched.items():
        _line(f"  {name}", text, at)


def _searched(arm: Arm) -> Iterator[tuple[str, str]]:
    """Yield every searched parameter with its range, as a study file writes it; not what the arm's name says."""
    for name, node in write_nodes(arm.space)["search"].items():
        if "one_of" not in node:
            yield name, _table(node)
            continue
        if f"{name}={', '.join(node['one_of'])}" not in arm.name.split():
            yield name, f"one of {', '.join(node['one_of'])}"
        for branch, params in node["one_of"].items():
            yield from (
                (f"{name}.{branch}.{key}", _table(leaf)) for key, leaf in params.items() if isinstance(leaf, dict)
            )


def _line(name: str, text: str, at: int = 12, *, err: bool = False) -> None:
    """Print a name, and beside it, from column `at`, its wrapped text."""
    indent = " " * at
    wrapped = textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    click.echo(f"{name:{at}}{wrapped.strip()}", err=err)


def _table(value: Any) -> str:
    """Return a table as a study file writes it, without the keys that only the record has for a file."""
    if isinstance(value, dict):
        return ", ".join(
            f"{key} = {show(item)}" for key, item in value.items() if key not in ("sha256", "columns", "table")
        )
    return show(value)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
