"""Find the autoencoder that, trained on these rows, is the best generator of more such rows.

import vaebench

vaebench.run("studies/gaussian.toml", trials=60, workers=2)
vaebench.leaderboard("gaussian")
vaebench.generate("gaussian", 15_000, seed=1)
vaebench.report("gaussian", "gaussian.html")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaebench.api.looking import generate, leaderboard, report, status, summary
    from vaebench.api.running import confirm, run, sync
    from vaebench.errors import InputError
    from vaebench.networks._file import add_network

__all__ = [
    "InputError",
    "add_network",
    "confirm",
    "generate",
    "leaderboard",
    "report",
    "run",
    "status",
    "summary",
    "sync",
]
RUNNING = ("confirm", "run", "sync")


def __dir__() -> list[str]:
    """List the public names, though nothing is imported yet."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `vaebench --help` does not wait for it."""
    if name == "InputError":
        from vaebench.errors import InputError

        return InputError
    if name == "add_network":
        from vaebench.networks._file import add_network

        return add_network
    if name in RUNNING:
        from vaebench.api import running

        return getattr(running, name)
    if name in __all__:
        from vaebench.api import looking

        return getattr(looking, name)
    raise AttributeError(f"module 'vaebench' has no attribute {name!r}")
