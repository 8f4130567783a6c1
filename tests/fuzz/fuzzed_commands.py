"""Fuzzed command lines; searches, fits and servers are stubbed."""

# ruff: noqa: SIM905
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import numpy as np
from click.testing import CliRunner
from fuzzed_studies import write_rows
from limits import RECORDS, STUDIES, limited, tree
from mutations import NAMES

from vaebench.api import looking, running
from vaebench.cli import main
from vaebench.cli import ui as ui_command
from vaebench.files import JOURNAL
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition

COMMANDS = [
    *"run check status leaderboard report confirm generate ui sync variants losses latent-samplers data-sets".split(),
    *"baselines selftest --help --version".split(),
    "",
]
OPTIONS = (
    "--trials --time --workers --cluster --no-confirm --fresh --home --top --csv -o --output -n --trial --seed --port "
    "--replicates --help -- -h --x -"
).split()
WORDS = [
    *"first second first.toml own.toml none.toml rows.csv runs . .. / out.csv out.json out.parquet out.md x/".split(),
    *"0 1 3 -1 10 1e3 nan inf 10m 2h 90s 5x 999999999999999999999 0.5 127.0.0.1:1".split(),
    *NAMES,
]


def command_line(random: Random, folder: Path) -> str:
    """Check a command line; searches, fits and servers are stubbed."""
    write_rows(folder)
    (folder / "own.toml").write_bytes(STUDIES[-1])
    (folder / "first.toml").write_bytes((RECORDS["first"] / "first.toml").read_bytes())
    study = folder / "runs" / "studies" / "first"
    study.mkdir(parents=True)
    (study / JOURNAL).write_bytes((RECORDS["first"] / JOURNAL).read_bytes())
    arguments = [
        random.choice(COMMANDS),
        *(random.choice([*OPTIONS, *WORDS, *WORDS]) for _ in range(random.randrange(6))),
    ]
    if random.random() < 0.6:
        arguments[1:1] = [random.choice(["first", "first.toml", "own.toml"])]
    arguments = [word for word in arguments if "\0" not in word]
    before, outside = tree(folder), Path.cwd()
    os.chdir(folder)
    try:
        with limited(), stubbed():
            ended = CliRunner().invoke(main, arguments)
    finally:
        os.chdir(outside)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert ended.exit_code in (0, 2), (ended.exit_code, arguments, ended.output)
    assert "Traceback" not in ended.output
    if ended.exit_code == 2:
        assert sum(line.lower().startswith("error: ") for line in ended.output.splitlines()) == 1, (
            arguments,
            ended.output,
        )
        assert tree(folder) == before, arguments
        return "refused"
    return "accepted"


@contextmanager
def stubbed() -> Iterator[None]:
    """Replace what takes long: the search, the confirmation, a fit, a server, the selftest."""

    def recorded(study: StudyDefinition | str, home: Path, **_: object) -> Any:
        store = RecordStore.open(home, study) if isinstance(study, str) else RecordStore.create_or_open(home, study)
        return store.record()

    def generated(study: str, n: int = 1, **_: object) -> Any:
        import pandas as pd

        return pd.DataFrame({"x": np.zeros(min(n, 10))})

    with (
        mock.patch.object(running.studies, "run", recorded),
        mock.patch.object(running.studies, "confirm", recorded),
        mock.patch.object(looking, "generate", generated),
        mock.patch.object(looking, "report"),
        mock.patch.object(running, "sync"),
        mock.patch.object(running, "write_to_mlflow"),
        mock.patch.object(looking, "repair"),
        mock.patch.object(running, "discard"),
        mock.patch.object(running, "LiveTracking", mock.MagicMock()),
        mock.patch.object(ui_command, "_serve", return_value=0),
        mock.patch("vaebench.selftest.run", return_value=[]),
        mock.patch("vaebench.search.scheduler.CONNECT_SECONDS", 0.05),
        mock.patch.dict(os.environ, {"VAEBENCH_HOME": ""}),
    ):
        yield
