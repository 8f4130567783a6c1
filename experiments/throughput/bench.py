"""What the measurements share: how much is run, the rows of the table, and the studies that several rows look at."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from children import THROUGHPUT, Study, run_study


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    what: str
    reach: str
    beyond: str
    measured: str


@dataclass
class Bench:
    """How much is run, and what has been run so far."""

    scratch: Path
    naive_trials: int
    study_trials: int
    long_trials: int
    replicates: int
    repeats: int
    short: bool
    torch: Path | None
    """Python of the environment that has requirements.txt."""
    _studies: dict[tuple[str, int], Study] = field(default_factory=dict)

    @property
    def cores(self) -> int:
        """The cores that this process may use, which is how many workers a study has by default."""
        return len(os.sched_getaffinity(0))

    @property
    def compile_cache(self) -> Path:
        """The folder of compiled programs: empty at the start of this script."""
        return self.scratch / "cache"

    def study(self, state: str, workers: int) -> Study:
        """Return the throughput study, run with an empty compile cache ("cold") or after such a run ("warm"); once."""
        if (state, workers) not in self._studies:
            if state == "warm":
                self.study("cold", self.cores)
            options = ("--trials", str(self.study_trials), "--workers", str(workers))
            self._studies[state, workers] = run_study(THROUGHPUT, self.compile_cache, *options)
        return self._studies[state, workers]


def table(headings: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
