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
from collections import Counter
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/fuzz")]

from kinds import KINDS  # noqa: E402
from limits import Hang  # noqa: E402

MEMORY = Path("/dev/shm")
"""Where files cost nothing, on Linux."""


def fuzz(name: str, seeds: range, folder: Path) -> tuple[Counter[str], dict[str, list[int]], float, int]:
    """Try one kind with each seed. Return what came of them, the faults with their seeds, and the longest case."""
    outcomes: Counter[str] = Counter()
    faults: dict[str, list[int]] = {}
    longest, at = 0.0, 0
    for seed in seeds:
        place = folder / "case"
        place.mkdir()
        began = time.process_time()
        try:
            outcomes[KINDS[name](Random(f"{name} {seed}"), place)] += 1
        except (Exception, Hang) as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            words = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}: {str(error)[:300]}"
            faults.setdefault(words.partition(": ")[0], []).append(seed)
            if len(faults[words.partition(": ")[0]]) == 1:
                print(f"{name} {seed}: {words}", flush=True)
            outcomes["fault"] += 1
        took = time.process_time() - began
        longest, at = max((longest, at), (took, seed))
        shutil.rmtree(place)
    return outcomes, faults, longest, at


def main() -> None:
    """Fuzz every kind, and write what came of it to outcome.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--write", action="store_true", help="write outcome.json, beside the kinds it has")
    options = parser.parse_args()
    faulthandler.enable()
    logging.getLogger("vaebench").setLevel(logging.ERROR)  # what a repair says
    found = {}
    for name in options.kinds:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            outcomes, faults, longest, at = fuzz(
                name, range(options.first, options.first + options.cases), Path(folder)
            )
        found[name] = {
            "cases": options.cases,
            **outcomes,
            "faults": faults,
            "longest_seconds": round(longest, 2),
            "longest_seed": at,
        }
        print(
            name,
            {**found[name], "faults": {fault: len(seeds) for fault, seeds in faults.items()}},
            f"{time.perf_counter() - began:.0f} s",
            flush=True,
        )
    if options.write:
        outcome = Path(__file__).parent / "outcome.json"
        before = json.loads(outcome.read_text()) if outcome.exists() else {}
        outcome.write_text(json.dumps(before | found, indent=1) + "\n")


if __name__ == "__main__":
    main()
