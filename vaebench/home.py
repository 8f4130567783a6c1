"""Home: the one folder that holds all state."""

import os
from pathlib import Path


def home_folder(home: str | Path | None = None) -> Path:
    """Return `home`, else VAEBENCH_HOME, else `runs` in the current folder."""
    return Path(home or os.environ.get("VAEBENCH_HOME") or "runs").absolute()
