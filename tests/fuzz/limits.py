"""What every kind of fuzzed input shares: limits, clear errors, what is in a folder, and where inputs come from.

Right is: it works, or one clear error (InputError, exit status 2). Wrong is any other exception, a warning of a
library, 5 seconds of computing, a file written where none was asked for.
"""

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from vaebench.errors import InputError

ROOT = Path(__file__).parents[2]
SECONDS = 5.0
RECORDS = {name: ROOT / f"tests/search/{name}_record" for name in ("first", "second")}
STUDIES = [path.read_bytes() for path in sorted((ROOT / "studies").glob("*.toml"))]
STUDIES += [(folder / f"{name}.toml").read_bytes() for name, folder in RECORDS.items()]
STUDIES += [
    b'[study]\nname = "own"\n[data]\nfile = { path = "rows.csv", columns = ["a", "b"] }\nrows = 40\n'
    b"[search]\nlatent_dim = { int = [1, 8] }\ndropout = { float = [0.1, 0.5], step = 0.1, off = 0.0 }\n"
    b"encoder = { choice = [[8], [200, 50]] }\n[search.loss.one_of]\nmse = {}\nbinary_crossentropy = {}\n"
    b'[compare]\nvariant = ["ae", "vae"]\n[confirm]\ntop = 1\n'
]


class Hang(BaseException):
    """More than SECONDS of computing."""


@contextmanager
def limited() -> Iterator[None]:
    """Raise Hang after SECONDS of this process's computing, and any warning as an error."""

    def hang(number: int, frame: FrameType | None) -> None:
        raise Hang(f"{SECONDS} s of computing")

    before = signal.signal(signal.SIGVTALRM, hang)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return the content of every file below `folder`."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def clear(error: InputError) -> str:
    """Check that a message is one that a reader can use."""
    message = str(error)
    assert message.strip(), "an empty message"
    assert "Traceback" not in message
    assert len(message) < 20_000, f"a message of {len(message)} characters"
    return "refused"
