"""Values of a study file: shown, flattened, as JSON has them, and where the wrong one stands."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from vaebench.errors import InputError


@contextmanager
def located(where: str) -> Iterator[None]:
    """Prefix the message of an InputError with `where`."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}{error}") from None


def show(value: Any) -> str:
    """Return a value much as a study file writes it."""
    return json.dumps(value, default=str, ensure_ascii=False)


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of nested tables with its path, e.g. "search.latent_dim.int". An empty table is a value.

    >>> dict(flatten({"study": {"seed": 0}, "search": {"ae": {}}}))
    {'study.seed': 0, 'search.ae': {}}
    """
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def listed(value: Any) -> Any:
    """Return `value` with its tuples as lists, as JSON would give it back."""
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, list | tuple) else value
