"""What a claim.py fills, and where its files are."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from experiments.claims_kit.forms import Tables

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from vaebench.study.replicate import Replicate
    from vaebench.trial.fit import Encoded

FOLDER = Path(__file__).parents[1]
Word = Literal["holds", "holds partly", "does not hold"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What somebody claims, and what theory expects of it."""

    id: str
    """For example "A3"."""
    sentence: str
    expected: str
    instead: str
    """What to do instead, or beside it."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the measurements say of a claim."""

    claim: str
    """Its id."""
    word: Word
    figure: str
    """The key figure with its interval, a few words."""
    found: str
    """What was found, a few sentences."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One or a few claims that are measured together. A claim.py names it EXPERIMENT.

    `judge`, `table` and `picture` take the frame of vaebench's metrics: one row a cell and draw (see frame.py). They
    may name the parameters that vary alone, and must bear fewer cells and draws: those of the short form.
    """

    title: str
    about: str
    """What is measured, a paragraph."""
    claims: tuple[Claim, ...]
    full: Callable[[Tables], Mapping[str, Tables]]
    """Takes the tables of study.toml; returns those of each full form, by what the column `form` calls it."""
    judge: Callable[["pd.DataFrame"], Sequence[Verdict]]
    """One verdict for each claim, corrected for the number of things compared."""
    table: Callable[["pd.DataFrame"], "pd.DataFrame"]
    """What the README shows of the results: few rows, text."""
    picture: Callable[["pd.DataFrame"], "Figure"]
    caption: str
    minutes: int
    """How long the full form takes on two cores."""
    baselines: tuple[str, ...] = ()
    """Baselines, or "truth", to be scored on the same draws; their rows have them in the column `baseline`."""
    extra: Callable[["Encoded", "Replicate"], Mapping[str, float]] | None = None
    """What else to measure of each fit. Without it, the short form is judged too."""


def names() -> list[str]:
    """Return the names of the experiments: those of the folders with a claim.py."""
    return sorted(path.parent.name for path in FOLDER.glob("*/claim.py"))


def experiment(name: str) -> Experiment:
    """Return the experiment in the folder `name`."""
    found = importlib.import_module(f"experiments.{name}.claim").EXPERIMENT
    assert isinstance(found, Experiment)
    return found
