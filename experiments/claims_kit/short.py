"""The short forms: every study.toml through vaebench, into MLflow, and what it shows."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.claims_kit.experiment import FOLDER, experiment
from experiments.claims_kit.frame import of_record
from vaebench.search.store import RecordStore
from vaebench.study.file import load


def run_short(names: Sequence[str], home: Path, workers: int) -> None:
    """Run the short form of each experiment, or go on with it, then print a line a claim."""
    for name in names:
        print(f"\n{name}", flush=True)
        words = ["run", FOLDER / name / "study.toml", "--home", home, "--workers", workers]
        subprocess.run([sys.executable, "-m", "vaebench", *map(str, words)], check=True)
    print("\nShort forms, judged as the full ones are:")
    for name in names:
        for line in said(name, home):
            print(line)


def said(name: str, home: Path) -> list[str]:
    """Return what the short form of an experiment shows, a line a claim."""
    of, study = experiment(name), load(FOLDER / name / "study.toml").name
    record = RecordStore.open(home, study).record()
    ids = ", ".join(claim.id for claim in of.claims)
    if of.extra is not None:
        return [f"{ids:4} {name}: {len(record.trials)} trials; judged by more than a study measures, in the full form"]
    try:
        verdicts = of.judge(of_record(record, of.baselines))
    except (KeyError, ValueError, IndexError) as error:  # it asks for cells that the full form alone has
        return [f"{ids:4} {name}: {len(record.trials)} trials; judged in the full form alone ({error})"]
    return [f"{verdict.claim:4} {name}: {verdict.word}; {verdict.figure}" for verdict in verdicts]
