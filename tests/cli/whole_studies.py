"""Whole studies that are run through the command line, and what a test asks of one."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import STUDY, invoke

from vaebench.data_sets.distribution import Distribution
from vaebench.scoring import attainable
from vaebench.scoring.baseline_scores import baseline_names
from vaebench.search import attainable_cache
from vaebench.search.store import RecordStore
from vaebench.study.records import StudyRecord
from vaebench.tracking.ids import read_ids
from vaebench.tracking.store import open_client

BASELINES = baseline_names(Distribution())
CHANGES = ["seconds", "mlflow_run_id"]
"""The leaderboard's columns that differ between two runs of one study."""
ONE_STRUCTURE = STUDY.replace("vae = { beta = 0.1 }\n", "")
"""The study with one network to compile."""
QUICK = (
    ONE_STRUCTURE.replace("trials = 12\nreplicates = 2", "trials = 2\nreplicates = 1")
    .replace(", 1e30]", "]")
    .replace("top = 2", "top = 0")
)
"""A study of two trials, without failure or confirmation."""


@dataclass(frozen=True)
class Ran:
    """A study in a folder, and what the command said that ran it."""

    folder: Path
    stdout: str = ""
    stderr: str = ""
    name: str = "small"

    @property
    def home(self) -> Path:
        return self.folder / "runs"

    @property
    def study(self) -> Path:
        return self.folder / f"{self.name}.toml"

    def record(self) -> StudyRecord:
        return RecordStore.open(self.home, self.name).record()

    def leaderboard(self) -> pd.DataFrame:
        path = self.folder / "leaderboard.csv"
        invoke("leaderboard", self.name, "--home", self.home, "--csv", path)
        return pd.read_csv(path, float_precision="round_trip")

    def generate(self, *arguments: object) -> bytes:
        path = self.folder / "new.csv"
        invoke("generate", self.name, "--home", self.home, "-o", path, *arguments)
        return path.read_bytes()

    def nested_runs(self) -> tuple[Any, list[Any]]:
        """Return the study's own run, and its trials' runs, from MLflow."""
        client = open_client(self.home)
        ids = read_ids(self.home, self.name)
        assert ids is not None
        nested = f"tags.`mlflow.parentRunId` = '{ids.parent_run}' and tags.`vaebench.kind` = 'trial'"
        return client.get_run(ids.parent_run), list(client.search_runs([ids.experiment], nested))


def new_study(folder: Path, text: str = STUDY) -> Ran:
    """Return a study that has not been run yet."""
    (folder / "small.toml").write_text(text)
    return Ran(folder)


def run_in_process(folder: Path, text: str = STUDY) -> Ran:
    """Return a study that was run in this process."""
    study = new_study(folder, text)
    result = invoke("run", study.study, "--home", study.home, "--workers", 0)
    return Ran(folder, result.stdout, result.stderr)


def few_draws(patch: pytest.MonkeyPatch, cache: Path) -> None:
    """Let what is attainable be simulated on a hundredth of the draws, and kept in a folder of the test's."""
    patch.setattr(attainable, "SCREENING", 3)
    patch.setattr(attainable_cache, "final_draws", lambda inputs: (3, 23))
    patch.setattr(attainable_cache, "own_cache", lambda *names: cache)


def ranks(table: str) -> list[int]:
    """Return the ranks that a printed table shows."""
    return [int(rank) for rank in re.findall(r"^ *(\d+) v?ae +\d+ mse ", table, flags=re.M)]


def confirmed_trials(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["status"] == "confirmed") & (frame["kind"] == "trial")]


def alike(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Check that two leaderboards are the same, times and ids aside."""
    pd.testing.assert_frame_equal(first.drop(columns=CHANGES), second.drop(columns=CHANGES), check_exact=True)
