"""The one error a user's input can cause, and how it names the nearest known word."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """Wrong input: what, where, what is allowed. The command line prints it and exits with status 2."""


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Say that `name` is no `kind`, name the nearest known one, and list them all.

    >>> unknown("loss", "hubert", ["mse", "huber"])
    "unknown loss 'hubert'; did you mean 'huber'? (known: huber, mse)"
    """
    names = sorted(known)
    nearest = get_close_matches(str(name), names, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""  # the list can be long
    return f"unknown {kind} {name!r}{hint} (known: {', '.join(names) or 'none'})"
