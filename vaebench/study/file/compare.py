"""[compare] of a study file: arms of equal budget, one for each combination of the compared values."""

import itertools
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vaebench import parts
from vaebench.errors import InputError, unknown
from vaebench.study.definition import Arm
from vaebench.study.file.parameters import KNOWN, read_branches, read_fixed, read_nodes
from vaebench.study.file.values import flatten, located, show
from vaebench.study.space import Fixed, Node, OneOf, Space, label
from vaebench.study.spec import PARTS, check_value


def read_arms(fixed: Any, search: Any, compare: Any) -> tuple[Arm, ...]:
    """Return the arms: one per combination of the values in [compare]; a single one without [compare]."""
    nodes = read_nodes(fixed, search)
    with located("[compare] "):
        values = _compared(compare, fixed)
    arms = []
    for chosen in itertools.product(*values.values()):
        arm_nodes = dict(nodes)
        pairs = dict(zip(values, chosen, strict=True))
        # Parts first: a part's parameter needs its branch.
        for path in sorted(pairs, key=lambda path: "." in path):
            with located(f"[compare] {path} = {show(pairs[path])}: "):
                _fix(arm_nodes, path, pairs[path])
        name = ",".join(f"{path}={label(value)}" for path, value in pairs.items())
        arms.append(read_arm(name, {key: arm_nodes[key] for key in KNOWN if key in arm_nodes}))
    return tuple(arms)


def read_arm(name: str, nodes: Mapping[str, Node]) -> Arm:
    """Build an arm. Raises InputError for parts that do not go together."""
    with located(f"[compare] {name}: " if name else "[fixed] and [search]: "):
        return Arm(name=name, space=Space(nodes))


def _compared(compare: Any, fixed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the compared values by path; tables within [compare] become dotted paths."""
    if not isinstance(compare, dict):
        raise InputError(f"= {show(compare)}: a table of lists is expected")
    values: dict[str, list[Any]] = {}
    for path, options in flatten(compare):
        name = path.partition(".")[0]
        if name not in KNOWN or ("." in path and name not in PARTS):
            raise InputError(unknown("parameter", path, KNOWN))
        if "." not in path and name in fixed:
            raise InputError(f"{path} is in [fixed] too: a compared parameter is fixed by each arm")
        if not isinstance(options, list) or not options:
            raise InputError(f"{path} = {show(options)}: a list of values is expected")
        checked = [option if name in PARTS else check_value(path, option) for option in options]
        if any(checked.count(option) > 1 for option in checked):
            raise InputError(f"{path} = {show(options)}: a value is listed twice")
        values[path] = checked
    return values


def _fix(nodes: dict[str, Node], path: str, value: Any) -> None:
    """Fix `path` to `value`. It is a field, a part (only that branch is kept), or a parameter of a part."""
    if path not in PARTS and "." not in path:
        nodes[path] = read_fixed(path, value)
        return
    kind, _, rest = path.partition(".")
    part = nodes.get(kind)
    branches = dict(part.branches) if isinstance(part, OneOf) else {}
    if not rest:
        if not isinstance(value, str):
            raise InputError(f"the name of a {kind} is expected")
        parts.load(PARTS[kind], value)
        if branches and value not in branches:
            raise InputError(unknown(f"branch of [search.{kind}.one_of]", value, branches))
        nodes[kind] = OneOf({value: branches.get(value, {})})
        return
    branch, _, key = rest.partition(".")
    if list(branches) != [branch]:
        raise InputError(f"this needs {kind} = {branch!r} alone, in [fixed] or [compare]")
    params = dict(branches[branch])
    if isinstance(params.get(key), Fixed):
        raise InputError("it is fixed already: a compared parameter is fixed by each arm")
    params |= read_branches(kind, {branch: {key: value}}, search=False).branches[branch]
    order = [field.name for field in fields(parts.load(PARTS[kind], branch))]
    nodes[kind] = OneOf({branch: {key: params[key] for key in order if key in params}})
