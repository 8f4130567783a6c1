"""Reads a journal of Optuna's without Optuna: each line once, and what was read is not kept.

Optuna's own storage makes an object of every parameter of every trial and copies them all at each question. That took
1.5 ms a trial and several times the file in memory; this takes a tenth of a millisecond.
"""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from vaebench.errors import InputError

FORMAT = 3
"""The number of the record's format. Raise it where an earlier version could not read what is written from now on, or
would take it for something else; and keep a record of the version before in the tests. The first records have none."""
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, AssertionError)
"""What reading a line of another meaning raises."""
CREATE_STUDY, SET_STUDY_ATTRIBUTE, CREATE_TRIAL = 0, 2, 4
"""Those of Optuna's operations that a record is made of. Most others change unfinished trials, and it has none."""
Line = dict[str, Any]
"""An operation, as a line of the journal has it."""


@dataclass
class Replayed:
    """What a journal says of one study."""

    study: int | None = None
    """Optuna's id of it; None if the journal does not have it."""
    attributes: dict[str, Any] = field(default_factory=dict)
    trials: int = 0


def replay(path: Path, name: str, trial: Callable[[Line], None] | None = None) -> Replayed:
    """Read the journal at `path` as to the study called `name`, and call `trial` with each of its trials.

    Without `trial`, lines that add a trial are counted but not parsed, which takes milliseconds. A torn last line, of a
    write under way or of one that was killed, is left out. Raises InputError, with the line, where one is damaged.
    """
    found, names = Replayed(), list[str]()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                if trial is None and _only_adds_trial(line, found.study):
                    found.trials += 1
                else:
                    _apply(_parsed(line), name, names, found, trial)
            except UNREADABLE as error:
                raise damaged(path, error, number) from None
    return found


def check_format(where: str, written: int) -> None:
    """Raise InputError if a later version wrote the record."""
    if written > FORMAT:
        raise InputError(
            f"{where}: a later version of vaebench wrote this record (format {written}, and this version reads up to "
            f"{FORMAT}): install that version, or keep records elsewhere"
        )


def damaged(path: Path, error: Exception, line: int | None = None) -> InputError:
    """Return the refusal of a record, damaged at a `line` counted from 1 where that is known, with the ways out."""
    said = f"{path}: the record is damaged ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
    if line is None:
        return InputError(f"{said}: restore a copy of it, or start the study over with --fresh")
    lines = path.read_bytes().split(b"\n")
    here, kept = shlex.quote(str(path)), shlex.quote(f"{path}.damaged")
    whole = sum(b'"op_code":4,' in before for before in lines[: line - 1])
    return InputError(
        f"{said} in line {line} of {len(lines) - 1}; the {whole} trials before it are whole. Restore a copy of it; or "
        "keep what is before the damage, and the next run evaluates the other trials again: "
        f"cp {here} {kept} && head -n {line - 1} {kept} > {here}; or start the study over with --fresh"
    )


def _apply(line: Line, name: str, names: list[str], found: Replayed, trial: Callable[[Line], None] | None) -> None:
    operation = line["op_code"]
    if operation not in range(11):
        raise ValueError(f"operation {operation} is unknown")
    if operation == CREATE_STUDY:
        if line["study_name"] not in names:
            names.append(line["study_name"])
            if line["study_name"] == name:
                found.study = len(names) - 1
    elif found.study is None or line["study_id"] != found.study:
        return
    elif operation == SET_STUDY_ATTRIBUTE:
        found.attributes |= line["user_attr"]
    elif operation == CREATE_TRIAL:
        found.trials += 1
        if trial is not None:
            trial(line)


def _only_adds_trial(line: bytes, study: int | None) -> bool:
    return line.startswith(b'{"op_code":%d,' % CREATE_TRIAL) and b'"study_id":%d,' % (study or 0) in line[:200]


def _parsed(line: bytes) -> Line:
    try:
        parsed: Line = from_json(line)  # twice as fast as json.loads, and equal texts become one object
    except ValueError:
        parsed = json.loads(line)  # a lone surrogate, as a file's name may have
    return parsed
