"""The full form of a study: other values in its tables."""

from collections.abc import Mapping
from typing import Any

Tables = Mapping[str, Any]
"""The tables of a study file, as TOML has them."""


def changed(study: Tables, /, **sections: Mapping[str, Any]) -> Tables:
    """Return `study` with the keys of these sections replaced or added; None leaves a key out.

    >>> changed({"data": {"rows": 100, "file": "a.csv"}}, data={"rows": 30, "file": None}, study={"seed": 1})
    {'data': {'rows': 30}, 'study': {'seed': 1}}
    """
    tables = dict(study)
    for name, keys in sections.items():
        both = {**tables.get(name, {}), **keys}
        tables[name] = {key: value for key, value in both.items() if value is not None}
    return tables
