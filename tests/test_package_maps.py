"""The docstring of a package says what each of its files is for: all of them, and no other."""

import importlib
import pkgutil
import re

import pytest

PACKAGES = (
    "cli", "data_sets.file", "engine", "results", "results.plots", "scoring", "scoring.metrics", "search", "selftest",
    "study", "study.file", "tracking", "trial",
)  # fmt: skip


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_names_its_files(name: str) -> None:
    package = importlib.import_module(f"vaebench.{name}")
    entries = re.findall(r"^ *(\w+(?:, \w+)*)  +\S", package.__doc__ or "", flags=re.MULTILINE)
    named = sorted(name for entry in entries for name in entry.split(", "))
    assert named == sorted(module.name for module in pkgutil.iter_modules(package.__path__))
