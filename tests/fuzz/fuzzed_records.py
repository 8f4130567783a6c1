"""Fuzzed records."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from limits import RECORDS, clear, limited, tree
from mutations import change_bytes, change_lines, change_tree, one_of, write_json

from vaebench.api import looking
from vaebench.errors import InputError
from vaebench.files import JOURNAL, study_folder
from vaebench.search.store import RecordStore
from vaebench.study.records import Diagnosis, Finding


def _journal(random: Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    place = random.randrange(len(lines))
    lines[place] = write_json(change_tree(random, json.loads(lines[place]))).encode() + b"\n"
    return b"".join(lines)


@cache
def small_record() -> bytes:
    """Return the journal of a small record: two trials, one of them confirmed, a baseline, the noise floor."""
    from hand_made import ATTAINABLE, DEFINITION, baseline, floor, trial
    from optuna.trial import create_trial

    with TemporaryDirectory() as folder:
        store = RecordStore.create_or_open(Path(folder), replace(DEFINITION, name="first"))
        store.set_attainable(ATTAINABLE)
        for number, score in enumerate([1.0, None]):
            store.add(create_trial(value=1.0), trial(number, [score, score]), None if score is None else (1.0,))
        store.set_confirmation(0, trial(0, [], [1.1, 1.2, 1.3]).confirmation)
        store.set_diagnosis(0, Diagnosis((Finding("copying", "It copies.", 0.5),), {"as_is.score": 1.2}))
        store.set_baseline(baseline("gaussian", [1.0, 0.9], [1.0, 0.9, 1.1]))
        store.set_baseline(floor([0.1, 0.2], [0.1, 0.2, 0.1]))
        return (study_folder(Path(folder), "first") / JOURNAL).read_bytes()


IDS = {"study": "abc", "experiment": "1", "parent_run": "def", "trials": {"0": "r0", "1": "r1"}, "written": "x"}


def damaged_record(random: Random, folder: Path) -> str:
    """Check a damaged record: what only reads changes nothing; opened for writing, it is whole or refused."""
    name = random.choice(["first"] * 8 + list(RECORDS))
    whole = random.random() < 0.1 or name == "second"
    base = (RECORDS[name] / JOURNAL).read_bytes() if whole else small_record()
    content = one_of(
        random,
        [
            lambda: change_bytes(random, base),
            lambda: change_lines(random, base),
            lambda: _journal(random, base),
            lambda: _journal(random, base),
        ],
    )
    study = folder / "runs" / "studies" / name
    study.mkdir(parents=True)
    (study / JOURNAL).write_bytes(content)
    if random.random() < 0.3:
        ids = (
            change_bytes(random, json.dumps(IDS).encode())
            if random.random() < 0.5
            else write_json(change_tree(random, IDS)).encode()
        )
        (study / "mlflow.json").write_bytes(ids)
    before, outcome = tree(folder), "accepted"
    with limited():
        try:
            random.choice([looking.status, looking.leaderboard, looking.summary])(name, home=folder / "runs")
        except InputError as error:
            outcome = clear(error)
        if random.random() < 0.2:
            looking.status(home=folder / "runs")
        assert tree(folder) == before, "reading changed the home"
        try:
            RecordStore.open(folder / "runs", name, writing=True).record()
        except InputError as error:
            clear(error)
    return outcome
