"""[study], [evaluation], [confirm] and [data] of a study file: their keys, defaults and bounds."""

import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from vaebench import parts
from vaebench.data_sets import DataSet, split_sizes
from vaebench.data_sets.file import File
from vaebench.errors import InputError, unknown
from vaebench.rows import SCORED, Support
from vaebench.study.definition import Objective, Sampler
from vaebench.study.file.bounds import check_bounds, read_bounds, split_columns
from vaebench.study.file.values import located, show

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
MOST_ROWS = 10_000_000
TRUTH_ROWS = 100
"""Default of `rows` if the true distribution is known; a file has as many as it has."""


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("1 to 100 letters, digits, '_', '.' or '-' are allowed, the first a letter, a digit or '_'")
    return value


def _objectives(values: list[Objective]) -> list[Objective]:
    if len(set(values)) < len(values):
        raise ValueError("an objective is listed twice")
    if "score" in values and not set(values).isdisjoint(SCORED):
        raise ValueError(f"'score' is made of {', '.join(SCORED)}: it does not stand beside them")
    return values


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StudySection(_Section):
    """[study]."""

    name: Annotated[str, AfterValidator(_name)]
    question: str = ""
    objectives: Annotated[list[Objective], Field(min_length=1), AfterValidator(_objectives)] = ["score"]
    trials: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    replicates: Annotated[int, Field(ge=1, le=10_000)] = 3
    pruning: bool = False
    seed: Annotated[int, Field(ge=0)] = 0
    sampler: Sampler = "tpe"
    batch: Annotated[int, Field(ge=1, le=10_000)] = 4
    trial_minutes: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0


class EvaluationSection(_Section):
    """[evaluation]."""

    generated: Annotated[int, Field(ge=2, le=MOST_ROWS)] = 15_000
    true: Annotated[int, Field(ge=2, le=MOST_ROWS)] = 15_000


class ConfirmSection(_Section):
    """[confirm]."""

    top: Annotated[int, Field(ge=0)] = 5
    replicates: Annotated[int, Field(ge=1, le=10_000)] = 25


class _RowsSection(_Section):
    """The keys of [data] beside the data set."""

    rows: Annotated[int, Field(ge=1, le=MOST_ROWS)] | None = None
    test_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.33
    learn_support: bool = True
    columns: Any = {}


Section = TypeVar("Section", bound=_Section)


def read_section(model: type[Section], name: str, table: Any) -> Section:
    """Check a section's table and return it. Raises InputError with section, key, value and what is allowed."""
    if not isinstance(table, dict):
        raise InputError(f"[{name}] = {show(table)}: a table is expected")
    with located(f"[{name}] "):
        for key in table:
            if key not in model.model_fields:
                raise InputError(unknown("key", key, model.model_fields))
        try:
            return model.model_validate(table)
        except ValidationError as error:
            raise InputError(_message(error, table)) from None


def read_data(table: Any, folder: Path | None) -> tuple[DataSet, int, float, Support]:
    """Return data set, rows, test fraction and support of [data]. If `folder` is None, all is read as stored."""
    if not isinstance(table, dict):
        raise InputError(f"[data] = {show(table)}: a table is expected")
    known = parts.modules(DataSet)
    beside = {key: value for key, value in table.items() if key in _RowsSection.model_fields}
    keys = [key for key in table if key not in beside]
    with located("[data] "):
        for key in keys:
            if key not in known:
                raise InputError(unknown("key", key, [*known, *_RowsSection.model_fields]))
        if len(keys) != 1:
            raise InputError(f"one data set is expected (one of {', '.join(known)}), there are {len(keys)}")
        section = read_section(_RowsSection, "data", beside)
        kind = parts.load(DataSet, keys[0])
        value = table[keys[0]]
        declared, ends = split_columns(section.columns)
        if folder is None:
            data_set = kind.from_plain(value)
        elif issubclass(kind, File):
            data_set = kind.parse(value, folder, declared)
        elif declared:
            raise InputError(f"columns.{next(iter(declared))}: kinds are of a file's columns, and {keys[0]} is none")
        else:
            data_set = kind.parse(value, folder)
        rows = section.rows or data_set.available_rows or TRUTH_ROWS
        _check_split(data_set, rows, section.test_fraction)
        bounds = read_bounds(ends, data_set)
        if folder is None:
            learned = beside.get("learn_support", False)  # records of before do not have it
        else:
            learned = section.learn_support
            check_bounds(bounds, data_set)
        return data_set, rows, section.test_fraction, Support(bounds, learned, data_set.kinds, levels=data_set.levels)


def _check_split(data_set: DataSet, rows: int, test_fraction: float) -> None:
    available = data_set.available_rows
    if available is not None and rows > available:
        raise InputError(f"rows = {rows}: the data set has {available}")
    train, test = split_sizes(rows, test_fraction)
    # The held-out rows of a file are shared between the validation loss and the true samples.
    needed = 2 if available is None else 4
    if train < 2 or test < needed:
        raise InputError(
            f"rows = {rows} with test_fraction = {test_fraction} are {train} training and {test} test rows: "
            f"too few, at least 2 and {needed} are needed"
        )


def _message(error: ValidationError, table: dict[str, Any]) -> str:
    first = error.errors(include_url=False)[0]
    key = str(first["loc"][0])
    if first["type"] == "missing":
        return f"{key} is missing"
    shown = f"{key} = {show(table[key])}: "
    if first["type"] == "literal_error":
        return shown + unknown(key.removesuffix("s"), first["input"], re.findall(r"'(\w+)'", first["ctx"]["expected"]))
    return shown + first["msg"].removeprefix("Value error, ")
