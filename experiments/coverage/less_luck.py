"""Measure how often the interval of a winner's score less the luck of its draws holds, and how wide it is.

Confirmations are simulated as in races.py, beside the scores on the same draws of the baseline behind score 1
(beside.json), which are shifted to a mean of 1. What the winner is worth is its mean over all recorded draws.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from races import recorded

from vaebench.scoring.control_variate import controlled
from vaebench.scoring.intervals import interval
from vaebench.scoring.paired_tests import told_apart
from vaebench.scoring.race import eliminations

BESIDE = Path(__file__).parent / "beside.json"
ERROR = 0.015
"""The standard error of the baseline's expectation in studies of 67 normal rows."""


def main() -> None:
    """Print a row a recorded study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=300, help="simulated confirmations of each recorded one")
    studies = parser.parse_args().studies
    print("recorded            draws   tied   plain holds   width   less luck holds   width")
    for name, scores in json.loads(BESIDE.read_text()).items():
        rows, random = recorded()[name], np.random.default_rng(0)
        beside = np.array(scores) - np.mean(scores) + 1
        draws = 50 if len(beside) == 50 else 25
        found = []
        for _ in range(studies):
            some = random.integers(len(beside), size=draws)
            seen = rows[:, some]
            out = eliminations(dict(enumerate(seen.tolist())), len(rows))
            left = [number for number in range(len(rows)) if number not in out]
            best = min(left, key=lambda number: seen[number].mean())
            told = told_apart([(seen[best].tolist(), seen[other].tolist()) for other in left if other != best])
            tied = len(left) - sum(told)
            less = controlled(seen[best].tolist(), (beside[some] + ERROR * random.normal()).tolist(), ERROR, tied)
            assert less is not None
            low, high = interval(seen[best].tolist())
            worth = rows[best].mean()
            found.append((tied, low <= worth <= high, high - low, less.low <= worth <= less.high, less.high - less.low))
        tied, plain, width, holds, narrower = np.mean(found, axis=0)
        print(
            f"{name:20} {draws:4}   {tied:4.1f}   {plain:11.0%}   {width:5.2f}   {holds:15.0%}   {narrower:5.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
