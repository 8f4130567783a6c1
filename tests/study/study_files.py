"""Study files as text, and those of the repository."""

import json
from pathlib import Path

import pytest

from vaebench.errors import InputError
from vaebench.study.file import load

STUDIES = sorted((Path(__file__).parents[2] / "studies").glob("*.toml"))


def toml(value):
    """Write a value as TOML; tables as inline tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + " }"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


def text_of(**sections):
    tables = {"study": {"name": "s"}, "data": {"distribution": {"name": "norm"}}} | sections
    lines = []
    for section, table in tables.items():
        lines += [f"[{section}]", *(f"{json.dumps(key)} = {toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def check_refused(path, words):
    """Check that a study file is refused with one message that has its path, and every one of `words`."""
    with pytest.raises(InputError) as error:
        load(path)
    message = str(error.value)
    for word in [f"{path}: ", *words]:
        assert word in message
    assert "\n" not in message
