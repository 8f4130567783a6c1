"""Where state is stored, and how files are written: a kill leaves the old file or the new one, never half of one."""

import os
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaebench.errors import InputError

JOURNAL = "journal.log"
"""Name of the file, in a study's folder, that holds its record."""


def home_folder(home: str | Path | None = None) -> Path:
    """Return the folder that holds all state: `home`, else VAEBENCH_HOME, else `runs` in the current folder.

    It need not exist. Raises InputError for a path that cannot be one: too long, links in a circle, no permission.
    """
    folder = Path(home or os.environ.get("VAEBENCH_HOME") or "runs").absolute()
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise InputError(f"home {folder}: {error.strerror}") from None
    return folder


def storage_address() -> str | None:
    """Return VAEBENCH_STORAGE, the address of the database that holds records; None if they are files of the home."""
    return os.environ.get("VAEBENCH_STORAGE") or None


def cache_folder() -> Path:
    """Return the folder of what all of a user's studies share: compiled programs and attainable errors."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vaebench"


def own_cache(*names: str) -> Path:
    """Return the folder of these names in the cache folder; create it for this user alone (mode 0700).

    Compiled programs are code. So raises PermissionError, with the way out, where the cache folder or a folder in it
    is another user's, or others may write into it.
    """
    folder = cache_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    for name in ("", *names):
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.stat()
        theirs = found.st_uid != os.geteuid()
        if theirs or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(
                f"{folder} {'belongs to another user' if theirs else 'can be written to by others'}: "
                "delete it, or set XDG_CACHE_HOME to a folder of your own"
            )
    return folder


def study_folder(home: Path, name: str) -> Path:
    """Return the folder of the study called `name`. It need not exist.

    If its record is in a database, it holds what this home made of it: generators, and ids in MLflow. It is another
    than that of a study of the name whose record is a file.

    Raises InputError where it, or a file in it, is a link out of the home: a home may come from somebody else.
    """
    folder = within(home, home.absolute() / ("shared" if storage_address() else "studies") / name)
    if folder.is_dir():
        for path in folder.iterdir():
            within(home, path)
    return folder


def within(home: Path, path: Path) -> Path:
    """Return `path`, which is in `home`. Raises InputError if links lead elsewhere; the home itself may be one."""
    if not path.resolve().is_relative_to(home.resolve()):
        raise InputError(f"{path} is a link out of {home}, where everything has to be: move what it points to there")
    return path


def study_names(home: Path) -> list[str]:
    """Return the names of the studies whose records are files of `home`, sorted."""
    return sorted(path.parent.name for path in home.absolute().glob(f"studies/*/{JOURNAL}"))


def write_whole(path: Path, write_to: Callable[[Path], Any]) -> None:
    """Write `path` whole or not at all: `write_to` writes a temporary file, which is then renamed. Raises OSError."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        write_to(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_output(path: Path, write_to: Callable[[Path], Any]) -> None:
    """Write a file that a user asked for, whole or not at all. Raises InputError if it cannot be written."""
    check_place(path)
    try:
        if path.exists() and not path.is_file():  # a pipe or a terminal: it cannot be replaced
            write_to(path)
        else:
            write_whole(path.resolve(), write_to)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None


def check_place(path: Path) -> None:
    """Raise InputError if `path` is a folder or its folder is missing. Called before the work of making the file."""
    if not os.path.isdir(path.parent):  # Path.is_dir raises if a name is too long
        raise InputError(f"cannot write {path}: the folder {path.parent} does not exist")
    if os.path.isdir(path):
        raise InputError(f"cannot write {path}: it is a folder")


def check_writable(folder: Path) -> None:
    """Raise InputError if `folder` cannot be created or written to."""
    known = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not known.is_dir():
        raise InputError(f"home {folder}: {known} is no folder")
    if not os.access(known, os.W_OK | os.X_OK):
        raise InputError(f"home {folder}: there is no permission to write in {known}")
