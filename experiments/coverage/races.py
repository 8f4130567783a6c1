"""Measure how often the race of the confirmed trials eliminates the best one, and how many fits it saves.

Confirmations are simulated by drawing the draws of recorded ones (confirmations.json: of each, one row a trial) again,
with replacement, so their heavy tails and what rows have in common stay.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vaebench.scoring.race import eliminations

RECORDED = Path(__file__).parent / "confirmations.json"
DRAWS = 50
EQUAL = "simulated normals"
"""Ten equal trials whose scores have a correlation of 0.8 over the draws."""

Rows = NDArray[np.float64]


def recorded() -> dict[str, Rows]:
    """Return the recorded scores by study, each of shape (trials, draws)."""
    return {name: np.array(rows) for name, rows in json.loads(RECORDED.read_text()).items()}


def races(rows: Rows, studies: int, seed: int) -> NDArray[np.int64]:
    """Return how many of DRAWS draws each trial got, shape (studies, trials), in simulated confirmations of `rows`."""
    random = np.random.default_rng(seed)
    got = np.full((studies, len(rows)), DRAWS)
    for study in got:
        scores = rows[:, random.integers(rows.shape[1], size=DRAWS)]
        for number, out in eliminations(dict(enumerate(scores.tolist())), len(rows)).items():
            study[number] = out.draws
    return got


def main() -> None:
    """Print a row a recorded study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400, help="simulated confirmations of each recorded one")
    studies = parser.parse_args().studies
    print("                                 as recorded             all of them equal: eliminated is")
    print("recorded            trials   best eliminated   fits      each   the unluckiest      any")
    luck = np.random.default_rng(0).normal(size=(11, 10_000))
    for name, rows in {**recorded(), EQUAL: 1 + 0.8**0.5 * luck[10] + 0.2**0.5 * luck[:10]}.items():
        got = races(rows, studies, 1)
        lost = races(rows - rows.mean(axis=1, keepdims=True), studies, 2) < DRAWS
        best = (got[:, rows.mean(axis=1).argmin()] < DRAWS).mean()
        print(
            f"{name:20} {len(rows):5}   {best:15.1%}  {got.mean() / DRAWS:5.0%}   "
            f"{lost.mean():7.1%}   {lost.mean(axis=0).max():14.1%}  {lost.any(axis=1).mean():7.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
