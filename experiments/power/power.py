"""Measure how many known differences between generators a file's own rows show, by how its held-out rows are used.

python experiments/power/power.py             # the table; five minutes of one core
python experiments/power/power.py --files 20  # the short form
"""

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist, pdist

from vaebench.data_sets import split_sizes
from vaebench.rows import SCORED, Draw, Rows
from vaebench.scoring.score import measure
from vaebench.seeds import generator

FILES, SPLITS, MORE, GENERATED, TEST_FRACTION = 100, 25, 75, 2000, 0.33
ENERGY_ROWS = 300
TRUTH = np.array([[1.0, 0.8], [0.8, 1.0]])
LEVEL = 0.05


class Plane:
    """Two columns, as far as `measure` asks."""

    columns = ("a", "b")
    available_rows = None


def fitted(train: Rows, random: np.random.Generator, shift: float = 0, spread: float = 1, r: float = 0) -> Rows:
    """Return rows of the normal distribution fitted to `train`, then shifted, spread out and correlated by r more."""
    rows = random.multivariate_normal([0, 0], np.corrcoef(train.T), GENERATED, method="cholesky")
    if r:
        known = np.corrcoef(train.T)[0, 1]
        z = np.linalg.solve(np.linalg.cholesky([[1, known], [known, 1]]), rows.T)
        rows = (np.linalg.cholesky([[1, known - r], [known - r, 1]]) @ z).T
    moved: Rows = train.mean(axis=0) + train.std(axis=0) * (rows * spread + shift)
    return moved


GENERATORS: dict[str, Callable[[Rows, np.random.Generator], Rows]] = {
    "fit": fitted,
    "moved up by 0.15": lambda train, random: fitted(train, random, shift=0.15),
    "moved down by 0.15": lambda train, random: fitted(train, random, shift=-0.15),
    "moved up by 0.3": lambda train, random: fitted(train, random, shift=0.3),
    "spread 1.2": lambda train, random: fitted(train, random, spread=1.2),
    "spread 0.8": lambda train, random: fitted(train, random, spread=0.8),
    "correlation 0.2 less": lambda train, random: fitted(train, random, r=0.2),
    "bootstrap": lambda train, random: train[random.integers(len(train), size=GENERATED)],
}
EQUAL = ("moved up by 0.15", "moved down by 0.15")
"""Equally far off by symmetry: what is told between them is luck of the file."""
WORSE = tuple(name for name in GENERATORS if name not in ("fit", *EQUAL))
USES = ("half of the held-out rows", "all held-out rows", "energy distance to all held-out rows")


def energy(a: Rows, b: Rows) -> float:
    """Return the energy distance of two samples of several columns."""
    return float(2 * cdist(a, b).mean() - pdist(a).mean() - pdist(b).mean())


def errors(rows: int, file: int, splits: int) -> np.ndarray:
    """Return all errors on one file: shape (splits, generators, uses, errors); the energy distance is the first."""
    whole = generator("file", rows, file).multivariate_normal([0, 0], TRUTH, rows)
    found = np.zeros((splits, len(GENERATORS), len(USES), len(SCORED)))
    for split in range(splits):
        random = generator("split", rows, file, split)
        chosen = whole[random.permutation(rows)]
        train, held_out = split_sizes(rows, TEST_FRACTION)
        parts = chosen[train + held_out // 2 :], chosen[train:]
        for place, generate in enumerate(GENERATORS.values()):
            drawn = generate(chosen[:train], random)
            for use, true in enumerate(parts):
                draw = Draw(chosen[:train], true, true, true)
                metrics = measure(drawn, draw, Plane(), "attainable")  # type: ignore[arg-type]
                found[split, place, use] = [metrics[name] for name in SCORED]
            found[split, place, 2, 0] = energy(drawn[:ENERGY_ROWS], parts[1])
    return found


def scores(found: np.ndarray) -> np.ndarray:
    """Return errors, shape (files, splits, generators, uses, errors), as scores with the fit's errors as unit."""
    unit = found[:, :, :1].mean(axis=(0, 1), keepdims=True)
    ratios = found / np.where(unit > 0, unit, 1.0)
    ratios[..., 2, 1:] = ratios[..., 2, :1]
    return np.asarray(ratios.mean(axis=-1))


def told(of: np.ndarray) -> dict[str, float]:
    """Return the share of files on which each worse generator is told from the fit by scores (file, split, generator).

    Told is what has a larger t than 95 % of the files have between two equal ones.
    """
    names = list(GENERATORS)

    def t(worse: str, better: str) -> np.ndarray:
        apart = of[:, :, names.index(worse)] - of[:, :, names.index(better)]
        return np.asarray(apart.mean(axis=1) / apart.std(axis=1, ddof=1) * np.sqrt(apart.shape[1]))

    critical = np.quantile(np.abs(t(*EQUAL)), 1 - LEVEL)
    return {"critical t": float(critical)} | {name: float((t(name, "fit") > critical).mean()) for name in WORSE}


def table(rows: int, files: int) -> pd.DataFrame:
    """Return one row for each way to use the rows of files of this size."""
    of = scores(np.array([errors(rows, file, MORE) for file in range(files)]))
    ways = {(use, splits): of[:, :splits, :, place] for place, use in enumerate(USES) for splits in (SPLITS, MORE)}
    return pd.DataFrame(
        [{"rows": rows, "scored": use, "splits": splits} | told(each) for (use, splits), each in ways.items()]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 500])
    given = parser.parse_args()
    found = pd.concat([table(rows, given.files) for rows in given.rows])
    print(found.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
