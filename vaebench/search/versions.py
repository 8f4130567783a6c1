"""What must be the same on every host of a cluster, or results would depend on which of them ran a trial."""

import hashlib
import socket
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

from vaebench.errors import InputError

LIBRARIES = ("distributed", "keras", "numpy", "pandas", "scikit-learn", "scipy", "tensorflow")
RAN = "raised by the task itself"
WAY_OUT = "Install the same on every host, start its workers again, and give the same command (docs/cluster.md)"


@cache
def here() -> dict[str, str]:
    """Return the versions that decide results in this process; vaebench's with a digest of its code."""
    groups = [group for group in entry_points().groups if group.startswith("vaebench.")]
    parts = {point.dist for group in groups for point in entry_points(group=group)}
    return {
        "Python": "{}.{}".format(*sys.version_info),
        "vaebench": f"{_version('vaebench')} (code {_digest()})",
        **{name: _version(name) for name in LIBRARIES},
        **{part.name: part.version for part in parts if part is not None},
    }


def differences(there: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """Return in words what differs; empty if nothing does.

    >>> differences({"Python": "3.11", "scipy": "1.16.0"}, {"Python": "3.12", "scipy": "1.16.0", "my_parts": "2.0"})
    'Python 3.11, not 3.12; no my_parts, not 2.0'
    """
    return "; ".join(
        f"{name} {there[name]}, not {value}" if there.get(name) else f"no {name}, not {value}"
        for name, value in expected.items()
        if there.get(name, "") != value
    )


def alike(expected: Mapping[str, str], function: Callable[..., Any], *args: object) -> Any:
    """Return function(*args), in a worker of a cluster. Raises InputError that names the worker if it is not alike.

    It is asked with each task, since a worker may join at any time.
    """
    from distributed import get_worker

    worker = get_worker()
    where = f"worker {worker.address} on {socket.gethostname()}"
    if told := wrong(here(), expected, worker.state.nthreads):
        raise InputError(f"{where} has {told}. {WAY_OUT}")
    try:
        return function(*args)
    except InputError as error:
        raise InputError(f"{error} ({where})") from None
    except Exception as error:
        error.add_note(RAN)
        raise


def wrong(there: Mapping[str, str], expected: Mapping[str, str], threads: int) -> str:
    """Return in words what is wrong with a worker of these versions and threads; empty if nothing is."""
    many = f"{threads} threads, not 1 (dask worker --nworkers {threads} --nthreads 1)" if threads > 1 else ""
    return "; ".join(filter(None, (differences(there, expected), many)))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _digest() -> str:
    """Return a digest of vaebench's code: two checkouts may have the same version."""
    folder = Path(__file__).parents[1]
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:8]
