"""[fixed] and [search] of a study file: plain tables to the nodes of a space, and back."""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from vaebench import parts
from vaebench.errors import InputError, unknown
from vaebench.study.file.values import listed, located, show
from vaebench.study.space import Choice, Fixed, Float, Int, Leaf, Node, OneOf, Space
from vaebench.study.spec import FIELDS, PARTS, check_value, owned

Table = dict[str, Any]
Check = Callable[[Any], Any]
"""Returns a value converted to its field's type; raises InputError if it does not fit."""

KINDS: dict[str, tuple[str, ...]] = {
    "int": ("log", "step", "off"),
    "float": ("log", "step", "off"),
    "choice": (),
    "one_of": (),
}
"""The kinds of searched parameter, and the keys allowed beside each."""
KNOWN = tuple(name for name in FIELDS if name != "seed")
"""What [fixed], [search] and [compare] may name. A trial's seed is derived from the study's."""


def read_nodes(fixed: Any, search: Any) -> dict[str, Node]:
    """Return the nodes of [fixed] and [search], in the order of the spec's fields."""
    nodes: dict[str, Node] = {}
    for section, table, read in (("[fixed]", fixed, read_fixed), ("[search]", search, _searched)):
        if not isinstance(table, dict):
            raise InputError(f"{section} = {show(table)}: a table is expected")
        with located(f"{section} "):
            for name, value in table.items():
                if name not in KNOWN:
                    raise InputError(owned(name) or unknown("parameter", name, KNOWN))
                if name in nodes:
                    raise InputError(f"{name} is in [fixed] too: a parameter is either fixed or searched")
                nodes[name] = read(name, value)
    return {name: nodes[name] for name in KNOWN if name in nodes}


def write_nodes(space: Space) -> dict[str, Table]:
    """Invert `read_nodes`: return {"fixed": ..., "search": ...}."""
    tables: dict[str, Table] = {"fixed": {}, "search": {}}
    for name, node in space.nodes.items():
        if not isinstance(node, OneOf):
            tables["fixed" if isinstance(node, Fixed) else "search"][name] = _plain(node)
            continue
        branches = {
            branch: {key: _plain(leaf) for key, leaf in params.items()} for branch, params in node.branches.items()
        }
        leaves = [leaf for params in node.branches.values() for leaf in params.values()]
        if len(branches) == 1 and all(isinstance(leaf, Fixed) for leaf in leaves):
            tables["fixed"][name] = branches
        else:
            tables["search"][name] = {"one_of": branches}
    return tables


def read_fixed(name: str, value: Any) -> Node:
    """Read a value of [fixed]: variant = "vae", or variant = { vae = { beta = 0.5 } }."""
    if name not in PARTS:
        if isinstance(value, dict):
            raise InputError(f"{name} = {show(value)}: one value is expected; what is searched stands in [search]")
        return Fixed(_field(name)(value))
    branches = {value: {}} if isinstance(value, str) else value
    if not isinstance(branches, dict) or len(branches) != 1:
        raise InputError(f'{name} = {show(value)}: one {name} is expected, such as "NAME" or {{ NAME = {{ ... }} }}')
    return read_branches(name, branches, search=False)


def _searched(name: str, value: Any) -> Node:
    if name not in PARTS:
        return _leaf(name, value, _field(name))
    if not isinstance(value, dict) or set(value) != {"one_of"} or not isinstance(value["one_of"], dict):
        raise InputError(f"{name} = {show(value)}: [search.{name}.one_of] is expected, with a table for each {name}")
    if not value["one_of"]:
        raise InputError(f"{name}.one_of is empty: at least one of {', '.join(parts.modules(PARTS[name]))} is expected")
    with located(f"{name}.one_of: "):
        return read_branches(name, value["one_of"], search=True)


def read_branches(kind: str, branches: Mapping[str, Any], *, search: bool) -> OneOf:
    """Read the branches of a part. Parameters are plain values; with `search` they may also be ranges or choices."""
    nodes: dict[str, dict[str, Leaf]] = {}
    for name, params in sorted(branches.items()):
        known = [field.name for field in fields(parts.load(PARTS[kind], name))]
        if not isinstance(params, dict):
            raise InputError(f"{name} = {show(params)}: a table of its parameters is expected; {{}} takes the defaults")
        for key in params:
            if key not in known:
                of_part = unknown(f"parameter of {parts.words(PARTS[kind])} {name!r}:", key, known)
                raise InputError(f"{key} stands beside {kind}, not in {name!r}" if key in KNOWN else of_part)
        nodes[name] = {}
        for key in known:
            if key in params:
                param, check = params[key], _own(kind, name, key)
                searched = search and isinstance(param, dict)
                nodes[name][key] = _leaf(f"{name}.{key}", param, check) if searched else Fixed(check(param))
    return OneOf(nodes)


def _leaf(path: str, value: Any, check: Check) -> Leaf:
    """Read one searched parameter."""
    kinds = [kind for kind in KINDS if isinstance(value, dict) and kind in value and kind != "one_of"]
    if len(kinds) != 1:
        raise InputError(
            f"{path} = {show(value)}: a table with one of int, float, choice is expected, such as {{ int = [1, 8] }}; "
            "a single value stands in [fixed]"
        )
    (kind,) = kinds
    for key in value:
        if key not in (kind, *KINDS[kind]):
            raise InputError(f"{path}: {unknown(f'key beside {kind}', key, KINDS[kind])}")
    with located(f"{path}.{kind} = {show(value[kind])}: "):
        if not isinstance(value[kind], list):
            raise InputError("a list is expected")
        return _choice(value[kind], check) if kind == "choice" else _range(kind, value, check)


def _choice(options: list[Any], check: Check) -> Choice:
    if not options:
        raise InputError("at least one value is expected")
    checked = [check(option) for option in options]
    for option in checked:
        if checked.count(option) > 1:
            raise InputError(f"{show(option)} is listed twice")
    return Choice(tuple(checked))


def _range(kind: str, table: Table, check: Check) -> Int | Float:
    whole = kind == "int"
    wanted = "a whole number" if whole else "a number"
    ends, step, off, log = table[kind], table.get("step"), table.get("off"), table.get("log", False)
    if len(ends) != 2:
        raise InputError("[lowest, highest] is expected")
    for key, number in (("lowest", ends[0]), ("highest", ends[1]), ("step", step), ("off", off)):
        if number is not None and not _is_number(number, whole=whole):
            raise InputError(f"{key} = {show(number)}: {wanted} is expected")
    if not isinstance(log, bool):
        raise InputError(f"log = {show(log)}: true or false is expected")
    cast = int if whole else _float
    low, high = cast(ends[0]), cast(ends[1])
    check(low), check(high)
    if low > high:
        raise InputError(f"the lowest value {low} is above the highest {high}")
    if log and low <= 0:
        raise InputError(f"log = true needs a lowest value above 0, not {low}")
    if log and step is not None:
        raise InputError("log and step exclude each other")
    if step is not None:
        _check_steps(low, high, step)
    with located("off: "):
        off = None if off is None else check(cast(off))
    if whole:
        return Int(int(low), int(high), log, 1 if step is None else step, None if off is None else int(off))
    return Float(low, high, log, None if step is None else float(step), off)


def _check_steps(low: float, high: float, step: float) -> None:
    """Raise InputError unless [low, high] is a whole number of steps, in exact decimal arithmetic."""
    if not 0 < step < math.inf:
        raise InputError(f"step = {step}: a number above 0 is expected")
    count = (Decimal(str(high)) - Decimal(str(low))) / Decimal(str(step))
    if count != int(count) or count < 1:
        raise InputError(f"step = {step}: the range from {low} to {high} must be a whole number of steps")


def _is_number(value: Any, *, whole: bool) -> bool:
    return isinstance(value, int if whole else int | float) and not isinstance(value, bool)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError(f"{value} is too large") from None


def _plain(node: Leaf) -> Any:
    match node:
        case Fixed(value):
            return listed(value)
        case Choice(options):
            return {"choice": [listed(option) for option in options]}
    table: Table = {"int" if isinstance(node, Int) else "float": [node.low, node.high]}
    if node.log:
        table["log"] = True
    if node.step not in (None, 1) or (node.step == 1 and isinstance(node, Float)):
        table["step"] = node.step
    return table if node.off is None else {**table, "off": node.off}


def _field(name: str) -> Check:
    """Return the check for a field of the spec."""
    return lambda value: check_value(name, _finite(name, value))


def _own(kind: str, part: str, key: str) -> Check:
    """Return the check for a parameter of a part."""

    def check(value: Any) -> Any:
        value = tuple(value) if isinstance(value, list) else _finite(f"{part}.{key}", value)
        return getattr(parts.make(PARTS[kind], part, {key: value}), key)

    return check


def _finite(name: str, value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{name} = {value}: a finite number is expected")
    return value
