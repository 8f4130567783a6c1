"""Home: the one folder that holds all state; each study has a folder of its own in it."""

from pathlib import Path

from vaebench.errors import InputError, unknown

JOURNAL = "journal.log"


def folder(home: Path, name: str) -> Path:
    """Return the folder of the study called `name`, whether it exists or not."""
    return home.absolute() / "studies" / name


def studies(home: Path) -> list[str]:
    """Return the names of the studies that were run in `home`, sorted."""
    return sorted(path.parent.name for path in home.absolute().glob(f"studies/*/{JOURNAL}"))


def existing(home: Path, name: str) -> Path:
    """Return the folder of the study called `name`. Raises InputError, with the known names, where nobody ran it."""
    if name not in studies(home):
        raise InputError(f"{home}: {unknown('study', name, studies(home))}")
    return folder(home, name)
