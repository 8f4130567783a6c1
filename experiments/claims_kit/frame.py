"""What was measured as a table: one row a cell and draw."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.claims_kit.cells import Cell
from experiments.claims_kit.experiment import FOLDER
from experiments.claims_kit.measure import Stored
from vaebench.study.records import StudyRecord
from vaebench.study.space import label

DIGITS = 4
"""Significant digits that are kept."""
LEFT_OUT = "generated_std"
"""A metric that std_ratio says too."""


def path_of(name: str) -> Path:
    """Return where the results of an experiment are stored."""
    return FOLDER / name / "results.csv.gz"


def of_cells(cells: Sequence[Cell], measured: Stored) -> pd.DataFrame:
    """Return what is kept of `cells`: what varies of their labels, `draw`, the metrics, and `reason` if any failed.

    A parameter that not every cell has varies if it has several values.
    """
    rows = [
        (cell.labels, draw, measured[cell.key, draw])
        for cell in cells
        for draw in range(cell.definition.replicates)
        if (cell.key, draw) in measured
    ]
    return _frame(rows)


def of_record(record: StudyRecord, baselines: Sequence[str]) -> pd.DataFrame:
    """Return the same of a study that vaebench ran: its trials and some baselines on its search replicates."""
    rows: list[tuple[Mapping[str, Any], int, Mapping[str, Any]]] = []
    labelled = [({**trial.params, "baseline": ""}, trial.results) for trial in record.trials]
    labelled += [({"baseline": row.name}, row.search) for row in record.baselines if row.name in baselines]
    for labels, results in labelled:
        for draw, result in enumerate(results):
            rows.append((labels, draw, {"reason": result.reason} if result.reason else result.metrics))
    return _frame(rows).drop(columns="seed", errors="ignore")


def write(name: str, frame: pd.DataFrame) -> None:
    """Store `frame`: the same bytes for the same numbers."""
    compression = {"method": "gzip", "mtime": 0}
    frame = frame.drop(columns=LEFT_OUT, errors="ignore")
    frame.to_csv(path_of(name), index=False, na_rep="NaN", float_format=f"%.{DIGITS}g", compression=compression)


def read(name: str) -> pd.DataFrame:
    """Return the stored results of an experiment."""
    return pd.read_csv(path_of(name), keep_default_na=False, na_values=["NaN"], low_memory=False)


def _frame(rows: Iterable[tuple[Mapping[str, Any], int, Mapping[str, Any]]]) -> pd.DataFrame:
    rows = list(rows)
    labels = pd.DataFrame([{k: _plain(v) for k, v in labels.items()} for labels, _, _ in rows])
    varying = [column for column in labels if labels[column].nunique() > 1]
    metrics = pd.DataFrame([{"draw": draw, **metrics} for _, draw, metrics in rows])
    return pd.concat([labels[varying], metrics], axis=1)


def _plain(value: Any) -> Any:
    return label(value) if isinstance(value, list | tuple) else value
