"""Paths: how the values of nested tables are named in a flat one, e.g. "search.latent_dim.int"."""

from collections.abc import Iterator, Mapping
from typing import Any


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of nested tables by its path; an empty table is a value.

    >>> dict(flatten({"study": {"seed": 0}, "search": {"ae": {}}}))
    {'study.seed': 0, 'search.ae': {}}
    """
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
