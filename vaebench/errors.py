"""The error that wrong input raises, and its hint at the nearest known name."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(Exception):
    """Wrong input. The message says what, where and what is allowed; the command line prints it and exits with 2."""


class NoResult(Exception):
    """An evaluation left no result, and another try would not: it killed its workers, or took too long."""


PASSING = (InputError, OSError, MemoryError)
"""What an evaluation may raise that is no fault of what is evaluated: a changed file, a full disk, no memory, workers
that are gone. It ends the run, nothing of it is kept, and the same command tries again."""


def in_words(error: OSError) -> str:
    """Return what an error of the operating system says, without its number.

    >>> in_words(OSError(28, "No space left on device", "runs/mlflow.db"))
    'runs/mlflow.db: No space left on device'
    """
    said = error.strerror or str(error)
    return f"{error.filename}: {said}" if error.filename else said


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Return the message that `name` is no known `kind`, with the nearest known name and the list of all.

    >>> unknown("loss", "hubert", ["mse", "huber"])
    "unknown loss 'hubert'; did you mean 'huber'? (known: huber, mse)"
    """
    names = sorted(known)
    nearest = get_close_matches(str(name), names, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""  # before the list, which can be long
    return f"unknown {kind} {name!r}{hint} (known: {', '.join(names) or 'none'})"
