"""Home: the one folder that holds all state; and the folder of what can be made again."""

import os
from pathlib import Path


def home_folder(home: str | Path | None = None) -> Path:
    """Return `home`, else VAEBENCH_HOME, else `runs` in the current folder."""
    return Path(home or os.environ.get("VAEBENCH_HOME") or "runs").absolute()


def cache_folder() -> Path:
    """Return the user's folder of what any study may reuse: compiled programs, and what is attainable."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vaebench"
