"""`python -m vaebench`, and the command `vaebench`."""

import os
import sys
from contextlib import suppress


def main() -> None:
    """Run a command, and leave at once: Python would take half a second to take all modules apart."""
    from vaebench.cli import main as commands

    try:
        commands(prog_name="vaebench")
    except SystemExit as left:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # nobody reads it any more
                stream.flush()
        status = left.code or 0
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":  # workers import it under another name
    main()
