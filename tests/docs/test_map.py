"""The README's map of the repository is the tree as it is: every room once, and nothing else."""

import re

import pytest
from documents import README, ROOT, tracked

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says what belongs to the repository")


def drawn() -> list[tuple[str, str]]:
    """Return the paths of the map in its order, folders with a slash at the end, and what is said of them."""
    text = README.read_text()
    (tree,) = re.findall(r"^```text\n(vaebench/\n.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found: list[tuple[str, str]] = []
    folders: list[str] = []
    for line in tree.splitlines():
        indent, name, said = re.fullmatch(r"( *)(\S+)(?: {2,}(\S.*))?", line).groups()
        assert len(indent) % 2 == 0
        del folders[len(indent) // 2 :]
        assert len(folders) == len(indent) // 2, f"{name} is in no folder"
        found.append(("".join(folders) + name, said or ""))
        if name.endswith("/"):
            folders.append(name)
    return found


def real() -> list[str]:
    """Return the repository's folders, and the packages and loose modules of vaebench."""
    names = [path.relative_to(ROOT) for path in tracked()]
    folders = {f"{name.parts[0]}/" for name in names if len(name.parts) > 1}
    package = [name for name in names if name.parts[0] == "vaebench" and name.suffix == ".py"]
    packages = {f"{name.parent}/" for name in package if name.name == "__init__.py"}
    loose = {str(name) for name in package if len(name.parts) == 2}
    return sorted(folders | packages | loose)


def test_the_map_has_every_room_once_and_nothing_else():
    on_the_map = [path for path, _ in drawn()]
    missing, gone = set(real()) - {*on_the_map}, {*on_the_map} - set(real())
    assert (missing, gone) == (set(), set()), "missing on the map, and gone from the tree"
    assert len(on_the_map) == len(set(on_the_map))


def test_the_map_says_something_of_every_room():
    assert [path for path, said in drawn() if not said] == ["vaebench/"]
