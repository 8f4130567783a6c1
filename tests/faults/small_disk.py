"""A real file system of a few hundred kilobytes, and how it is filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a file system of this size at `place`. Skips the test where the system forbids that."""
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={kilobytes}k"]
    mounted = subprocess.run(["mount", *options, "tmpfs", place], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def resize(place: Path, kilobytes: int) -> None:
    """Give the file system at `place` another size."""
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", place], check=True)
