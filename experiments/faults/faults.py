"""Kill -9 at random moments: see README.md."""

import argparse
import random
import tempfile
from collections import Counter
from pathlib import Path

from kills import Study

FOLDER = Path(__file__).parent


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=60)
    options.add_argument("--each", type=int, default=12, help="most kills of one study")
    options.add_argument("--span", type=float, default=15, help="most seconds between two kills")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--workers", type=int, default=2)
    asked = options.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        calm = Study(FOLDER / "faults.toml", Path(folder) / "undisturbed", asked.workers)
        print(f"undisturbed: {calm.run():.1f} s", flush=True)
        expected, kills, wrong, studies = calm.leaderboard(), [], 0, 0
        while len(kills) < asked.kills:
            studies += 1  # a home of its own, also where the study before ended before it was killed
            study = Study(calm.file, Path(folder) / f"study {studies}", asked.workers)
            study.disturb(chance, asked.span, min(asked.each, asked.kills - len(kills)))
            complaints = study.complaints(expected)
            wrong += bool(complaints)
            print(
                f"{len(study.kills)} kills in {study.runs} runs:",
                *(complaints or ["all is well"]),
                sep="\n  ",
                flush=True,
            )
            kills += study.kills
        print(f"{len(kills)} kills: {dict(Counter(kill.kind for kill in kills))}, studies that went wrong: {wrong}")
        print(f"orphans ended after at most {max(kill.orphans for kill in kills):.1f} s")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()
