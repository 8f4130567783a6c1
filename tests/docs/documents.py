"""The documents, and what is in them: blocks, commands, tables, the map."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
FOLLOWED_ELSEWHERE = (DOCS / "extending.md",)
"""By test_extending.py."""
GUIDES = (README, *(path for path in sorted(DOCS.glob("*.md")) if path not in FOLLOWED_ELSEWHERE))
"""What a user reads; the README first, since it runs the studies that the others look at."""
COMMAND = re.compile(r"`(vaebench [a-z][^`\n]*)`")


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    guide: Path
    kind: str
    """Its language."""
    name: str
    """The file it is; empty where it is none."""
    text: str


@dataclass(frozen=True)
class Shown:
    """A command of a block, and what the block shows of its output."""

    guide: Path
    words: tuple[str, ...]
    output: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.guide.stem}: {shlex.join(self.words)}"


@cache
def blocks(*guides: Path) -> list[Block]:
    """Return the fenced blocks of `guides`."""
    fence = re.compile(r"^```(\w*)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        Block(guide, *(part or "" for part in found)) for guide in guides for found in fence.findall(guide.read_text())
    ]


def commands(*guides: Path) -> list[Shown]:
    """Return every line of the `sh` blocks, and what stands behind a "$ " in the `console` blocks."""
    found = []
    for block in blocks(*guides):
        lines = block.text.splitlines()
        if block.kind == "sh":
            found += [_shown(block.guide, line) for line in lines if line]
        elif block.kind == "console":
            for place, line in enumerate(lines):
                if line.startswith("$ "):
                    output = takewhile(lambda line: not line.startswith("$ "), lines[place + 1 :])
                    found.append(_shown(block.guide, line[2:], *output))
    return found


def _shown(guide: Path, line: str, *output: str) -> Shown:
    return Shown(guide, tuple(shlex.split(line, comments=True)), output)


def table(guide: Path, first: str) -> list[list[str]]:
    """Return the rows of the table whose first header cell is `first`, without marks: emphasis, code."""
    lines = guide.read_text().splitlines()
    heads = [place for place, line in enumerate(lines[1:]) if line.startswith("|--")]
    (start,) = [place for place in heads if lines[place].startswith(f"| {first} |")]
    rows = takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    cells = [re.split(r"(?<!\\)\|", row.strip().strip("|")) for row in rows]
    return [[re.sub(r"[`*]", "", cell).strip() for cell in row] for row in cells]


def pages() -> list[Path]:
    """Return every Markdown file of the repository."""
    return [path for path in tracked() if path.suffix == ".md"]


@cache
def tracked() -> list[Path]:
    """Return every file that is in git, or would be with the next `git add`."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in sorted({*listed.split("\0")} - {""}) if (path := ROOT / name).exists()]
