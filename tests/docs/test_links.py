"""Every link within the repository leads somewhere; every make target and command that a page names exists."""

import re
import shlex
from pathlib import Path

import click
import pytest
from documents import COMMAND, ROOT, pages, tracked

from vaebench.cli import main

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says what belongs to the repository")
PAGES = pages() if (ROOT / ".git").exists() else []


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return what headings can be linked as, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = [re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def links(page: Path) -> list[str]:
    """Return the targets of links and pictures that are no address."""
    found = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(page)))
    return [target for target in found if not re.match(r"\w+:", target)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page):
    known = {path for file in tracked() for path in (file, *file.parents)}
    for target in links(page):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path in known, f"{target}: no such file in the repository"
        assert not anchor or anchor in anchors(path), f"{target}: {path.name} has the headings {sorted(anchors(path))}"


def test_pages_link_to_each_other_and_to_headings():
    found = [link for page in PAGES for link in links(page)]
    assert len(found) > 30
    assert any("#" in link for link in found)


def test_a_heading_is_linked_as_on_github(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Why is it off?\n\n## `a_b` and [c d](e.md), 95 %\n\n```sh\n# a comment\n```\n")
    assert anchors(page) == {"why-is-it-off", "a_b-and-c-d-95-"}


def test_every_make_target_that_a_page_names_is_in_the_makefile():
    targets = re.findall(r"^([\w.-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {
        (page.name, target)
        for page in PAGES
        for target in re.findall(r"(?:^ {4}|^\$ |^|`)make (?!`)([a-z]+)(?=\s|`|$)", page.read_text(), re.MULTILINE)
    }
    assert {("README.md", "study"), ("README.md", "test"), ("CONTRIBUTING.md", "check")} <= named
    assert [one for one in sorted(named) if one[1] not in targets] == []


def inline() -> list[tuple[str, str]]:
    return sorted({(page.name, found) for page in PAGES for found in COMMAND.findall(prose(page))})


@pytest.mark.parametrize(("page", "command"), inline())
def test_a_command_in_the_prose_exists_with_its_options(page, command):
    words = shlex.split(command)[1:]
    name = words[0]
    if name == "COMMAND":
        return
    assert name in main.commands, f"{page}: {command}"
    known = main.commands[name]
    known.make_parser(click.Context(known)).parse_args(words[1:])  # raises for an unknown option
