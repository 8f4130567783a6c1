"""Mutations of valid inputs: they reach further than random text does, which is refused at its first letter."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True)
class Raw:
    """A value written as it is, in TOML or JSON."""

    text: str


# ruff: noqa: SIM905
NAMES = [
    *(
        "a x.y =SUM(A1) ../../up /etc/passwd \u6e29\u5ea6 e\u0301 \u202eabc ' \" __class__ nan NaN None true 1 -1"
    ).split(),
    *(
        "%s {0} {{x}} <b> C:\\x ~ $HOME norm cauchy t beta vae ae mse gaussian prior gmm true_family truth grid qmc"
    ).split(),
    *("nsga2 score ks \U0001f600").split(),
    *("", " ", "\0", "\n", "\ufeff", "a" * 300),
]
NUMBERS = [
    *(0, 1, -1, 2, 3, 7, 42, 43, 100, 10**6, 10**9, 2**31, 2**53, 2**63, 2**64, 10**30, -(2**63)),
    *(0.0, -0.0, 0.1, 0.33, 0.5, 1.0, 1e-5, 1e-300, 5e-324, 1e300, 1.7976931348623157e308, -1e300, 0.1 + 0.2, 1e16),
]
ODD = [Raw(text) for text in "nan inf -inf 1e400 2024-03-01 07:32:00 0x1F 1_000 1979-05-27T07:32:00Z null".split()]
ODD.append(Raw("9" * 5000))
TOKENS = [
    *b"[ ] { } = , \" ' ; # . - + 1 0 e nan inf 1e400 true null \\u0000 \\ud800 $ % ( ) 1,234 1.234,5 ? NA".split(),
    *(b"\n", b"\r\n", b"\t", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe6\xb8\xa9"),
    *(b"-9223372036854775809", b"9" * 400),
]


def value(random: Random, depth: int = 2) -> Any:
    """Return any value: a number, a name, a list, a table, something that is none of these."""
    kind = random.randrange(12)
    if kind < 4:
        return random.choice(NUMBERS)
    if kind < 7:
        return random.choice(NAMES)
    if kind < 8:
        return random.random() < 0.5
    if kind < 9:
        return random.choice(ODD)
    if not depth:
        return []
    if kind < 11:
        return [value(random, depth - 1) for _ in range(random.randrange(4))]
    return {random.choice(NAMES): value(random, depth - 1) for _ in range(random.randrange(3))}


def change_bytes(random: Random, content: bytes) -> bytes:
    """Return `content` with a few bytes or pieces flipped, cut, doubled, moved or put in."""
    data = bytearray(content)
    for _ in range(random.choice([1, 1, 1, 2, 3, 8])):
        place = random.randrange(len(data) + 1)
        stop = min(len(data), place + random.choice([1, 1, 2, 5, 20, 200]))
        match random.randrange(7):
            case 0 if place < len(data):
                data[place] ^= 1 << random.randrange(8)
            case 1 if place < len(data):
                data[place] = random.randrange(256)
            case 2:
                data[place:place] = random.choice(TOKENS)
            case 3:
                del data[place:stop]
            case 4:
                data[place:place] = data[place:stop]
            case 5:
                data[place:stop] = random.choice(TOKENS)
            case 6:
                del data[random.randrange(len(data) + 1) :]
    return bytes(data)


def change_lines(random: Random, content: bytes, separator: bytes = b"\n") -> bytes:
    """Return `content` with whole lines left out, doubled or swapped."""
    lines = content.split(separator)
    for _ in range(random.choice([1, 1, 2, 4])):
        first, second = random.randrange(len(lines)), random.randrange(len(lines))
        match random.randrange(3):
            case 0 if len(lines) > 1:
                del lines[first]
            case 1:
                lines.insert(second % (len(lines) + 1), lines[first % len(lines)])
            case 2 if max(first, second) < len(lines):
                lines[first], lines[second] = lines[second], lines[first]
    return separator.join(lines)


def change_tree(random: Random, tree: Any) -> Any:
    """Return `tree`, of dicts and lists, with a few values or keys replaced, left out, moved or put in."""
    tree = json.loads(json.dumps(tree))
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        places = list(_places(tree))
        if not places:
            return value(random)
        holder, key = random.choice(places)
        match random.randrange(6):
            case 0 | 1 | 2:
                holder[key] = value(random)
            case 3:
                del holder[key]
            case 4:
                other, name = random.choice(places)
                if name in other if isinstance(other, dict) else name < len(other):
                    holder[key] = json.loads(json.dumps(other[name], default=lambda raw: raw.text))
            case 5 if isinstance(holder, dict):
                holder[random.choice(NAMES)] = holder.pop(key)
    return tree


def _places(tree: Any) -> Any:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, item in inner:
        yield tree, key
        yield from _places(item)


def write_json(tree: Any) -> str:
    """Return a tree as JSON; what is Raw stands as it is."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {write_json(item)}" for key, item in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(write_json, tree)) + "]"
    return tree.text if isinstance(tree, Raw) else json.dumps(tree)


def write_toml(tree: Any) -> str:
    """Return a tree as TOML: its tables as sections, what is in them inline."""
    if not isinstance(tree, dict):
        return _inline(tree)
    sections = []
    for name, table in tree.items():
        if isinstance(table, dict):
            lines = [f"{json.dumps(str(key))} = {_inline(item)}" for key, item in table.items()]
            sections.append("\n".join([f"[{json.dumps(str(name))}]", *lines]))
        else:
            sections.insert(0, f"{json.dumps(str(name))} = {_inline(table)}")
    return "\n".join(sections) + "\n"


def _inline(tree: Any) -> str:
    if isinstance(tree, dict):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {_inline(item)}" for key, item in tree.items()) + " }"
    if isinstance(tree, list):
        return "[" + ", ".join(map(_inline, tree)) + "]"
    return tree.text if isinstance(tree, Raw) else json.dumps(tree)


def one_of(random: Random, ways: Sequence[Callable[[], bytes]]) -> bytes:
    """Return what one of `ways` gives."""
    return random.choice(ways)()
