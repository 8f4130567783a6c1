"""Fuzz study files, CSV and Parquet files, damaged records and command lines. See README.md for the outcome."""

import argparse
import faulthandler
import json
import logging
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/fuzz")]

from kinds import KINDS  # noqa: E402
from limits import Hang  # noqa: E402

MEMORY = Path("/dev/shm")
"""Where files cost nothing, on Linux."""


OUTCOME = Path(__file__).parent / "outcome"
SAVED = 250
"""Cases after which the outcome so far is written, so that a run can be ended at any time and goes on there."""


def fuzz(name: str, cases: int, folder: Path) -> dict[str, Any]:
    """Try one kind until there are `cases` of it; seed i gives case i. Return what came of all."""
    file = OUTCOME / f"{name}.json"
    found: dict[str, Any] = {"cases": 0, "accepted": 0, "refused": 0, "longest_seconds": 0.0, "faults": {}}
    found |= json.loads(file.read_text()) if file.exists() else {}
    while found["cases"] < cases:
        _try(name, found["cases"], folder / "case", found)
        found["cases"] += 1
        if found["cases"] % SAVED == 0 or found["cases"] == cases:
            file.parent.mkdir(exist_ok=True)
            file.write_text(json.dumps(found, indent=1) + "\n")
    return found


def _try(name: str, seed: int, place: Path, found: dict[str, Any]) -> None:
    place.mkdir()
    began = time.process_time()
    try:
        found[KINDS[name](Random(f"{name} {seed}"), place)] += 1
    except (Exception, Hang) as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__} in {Path(at.filename).name}:{at.lineno}"
        found["faults"].setdefault(words, []).append(seed)
        print(f"{name} {seed}: {words}: {str(error)[:300]}", flush=True)
    found["longest_seconds"] = max(found["longest_seconds"], round(time.process_time() - began, 2))
    shutil.rmtree(place)


def main() -> None:
    """Fuzz every kind, from where the last run ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="of each kind in all, those of earlier runs included")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--afresh", action="store_true", help="forget what earlier runs found")
    options = parser.parse_args()
    faulthandler.enable()
    logging.getLogger("vaebench").setLevel(logging.ERROR)  # what a repair says
    for name in options.kinds:
        if options.afresh:
            (OUTCOME / f"{name}.json").unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            print(name, fuzz(name, options.cases, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
