"""Run in a process of its own: reads hostile inputs, and prints what the interpreter did that data must not lead to.

First everything is done once with harmless inputs, so that modules are imported, caches are full and generated code of
libraries is there. Then an audit hook listens.
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from click.testing import CliRunner

from vaebench.cli import main
from vaebench.results.leaderboard import leaderboard
from vaebench.results.report import page
from vaebench.results.standings import standings
from vaebench.search.store import RecordStore

CODE = ("exec", "compile", "pickle.find_class", "marshal.loads", "ctypes.dlopen", "code.__new__")
PROCESSES = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "pty.spawn",
)
NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request", "webbrowser.open")
CHANGES = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.truncate",
    "shutil.rmtree",
)
OURS = (str(Path(sys.prefix)), str(Path(sys.base_prefix)), str(Path(__file__).parents[2] / "vaebench"))
SYSTEM = ("/usr/share/", "/etc/", "/proc/", "/sys/", "/dev/null")


def jinja(arguments: tuple[Any, ...]) -> bool:
    """Return whether code is that of the report's template, which is made anew for each report."""
    name = arguments[1] if len(arguments) > 1 else getattr(arguments[0], "co_filename", "")
    return name in ("<template>", b"<template>")


class Watch:
    """Collects what happens while it is on."""

    def __init__(self, inside: Path) -> None:
        self.on, self.found, self.inside = False, set[str](), str(inside)
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in ("exec", "compile") and jinja(arguments):
            return
        if event in (*CODE, *PROCESSES, *NETWORK):
            self.found.add(f"{event} {str(arguments)[:200]}")
        elif event == "open":
            path, mode, flags = arguments
            if isinstance(path, int):
                return
            real = os.path.realpath(os.fsdecode(path))
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if flags else "r" not in (mode or "r")
            allowed = (self.inside,) if writes else (self.inside, *OURS, *SYSTEM)
            if not real.startswith(allowed):
                self.found.add(f"{'write' if writes else 'read'} {real}")
        elif event in CHANGES:
            real = (
                os.path.realpath(os.fsdecode(arguments[0]))
                if isinstance(arguments[0], str | bytes | os.PathLike)
                else ""
            )
            if real and not real.startswith(self.inside):
                self.found.add(f"{event} {real}")


def read_everything(folder: Path, study: str) -> dict[str, list[Any]]:
    """Do all that only reads, in `folder`: check, status, leaderboard in each format, report."""
    os.chdir(folder)
    outcomes: dict[str, list[Any]] = {}
    for file in sorted(folder.glob("*.toml")):
        ended = CliRunner().invoke(main, ["check", file.name])
        outcomes[file.name] = [ended.exit_code, type(ended.exception).__name__, ended.output[-200:]]
    for arguments in (
        ["status"], ["status", study], ["leaderboard", study], ["leaderboard", study, "--csv", "board.csv"],
        *(["leaderboard", study, "-o", f"board{ending}"] for ending in (".json", ".md", ".parquet")),
        ["status", "../../outside"], ["leaderboard", "../../outside"],
    ):  # fmt: skip
        ended = CliRunner().invoke(main, [*arguments, "--home", "runs"])
        outcomes[" ".join(arguments)] = [ended.exit_code, type(ended.exception).__name__, ended.output[-200:]]
    rows = standings(RecordStore.open(folder / "runs", study).record())
    if rows.best is not None:
        definition = rows.record.definition
        draw = definition.replicate("search", 0).draw()
        rows_again = {
            kind: SimpleNamespace(rows=part, reconstructions=part, errors=np.zeros(part.shape[1]))
            for kind, part in (("train", draw.train), ("test", draw.test))
        }
        generated = np.repeat(draw.true, 9, axis=0)
        names = {"columns": definition.data_set.columns, "levels": definition.data_set.level_names}
        shown = SimpleNamespace(draw=draw, generated=generated, **names, **rows_again)
        Path("report.html").write_text(page(rows, rows.best.number, shown))  # type: ignore[arg-type]
        leaderboard(rows)
    return outcomes


def main_() -> None:
    harmless, hostile = map(Path, sys.argv[1:])
    watch = Watch(hostile)
    read_everything(harmless, "study")
    read_everything(harmless, "study")
    watch.on = True
    outcomes = read_everything(hostile, "study")
    watch.on = False
    sys.stdout.write(json.dumps({"found": sorted(watch.found), "outcomes": outcomes}))


if __name__ == "__main__":
    main_()
