"""Mixed tables: four whose truth can be drawn at will, two of scikit-learn with a category made of the target."""

from collections.abc import Callable

import numpy as np
from sklearn import datasets

from vaebench.rows import Draw, Kind, Rows, Support

ROWS, TRUE = 700, 3000
"""Rows to train and true samples of the drawn tables; the real ones are split 60 : 40."""
N, C = "number", "category"
Table = Callable[[np.random.Generator], Draw]


def _pick(random: np.random.Generator, shares: Rows) -> Rows:
    """Draw a level for each row of `shares` [n, levels], which need not have the sum 1."""
    edges = np.cumsum(shares, axis=1)
    return (random.random((len(shares), 1)) * edges[:, -1:] > edges).sum(axis=1).astype(float)


def shop(n: int, random: np.random.Generator) -> Rows:
    """Draw region (4 levels, one of 1.5 %), plan by region and income; spending, empty mostly without a plan."""
    region = _pick(random, np.tile([0.5, 0.3, 0.185, 0.015], (n, 1)))
    age = random.normal(np.array([35.0, 45, 60, 25])[region.astype(int)], 8)
    income = np.exp(random.normal(3 + 0.02 * (age - 40), 0.4))
    plan = _pick(random, np.stack([np.full(n, 1.0), income / 20, (income / 30) ** 2 * (region == 1) + 0.02], axis=1))
    spent = income * np.array([0.05, 0.1, 0.3])[plan.astype(int)] * np.exp(random.normal(0, 0.3, n))
    spent[random.random(n) < np.array([0.7, 0.1, 0.05])[plan.astype(int)]] = np.nan
    return np.stack([region, age, income, plan, spent], axis=1)


def clinic(n: int, random: np.random.Generator) -> Rows:
    """Draw a diagnosis of ten levels, 36 % to 1 %, sex, smoking, not known of the old, and a test made if needed."""
    shares = 0.65 ** np.arange(10)
    diagnosis, sex = _pick(random, np.tile(shares, (n, 1))), (random.random(n) < 0.55) * 1.0
    age = np.clip(random.normal(40 + 4 * diagnosis, 12), 18, 95)
    weight = random.normal(65 + 13 * sex + (diagnosis == 2) * 15, 9)
    pressure = random.normal(105 + 0.4 * age + 0.2 * (weight - 70), 8)
    smokes = _pick(random, np.stack([np.full(n, 2.0), 0.5 + sex, np.where(age > 60, 0.2, 1.0)], axis=1))
    smokes[random.random(n) < 0.02 + 0.2 * (age > 60)] = np.nan
    test = np.where(random.random(n) < 1 / (1 + np.exp((pressure - 125) / 5)), np.nan, random.normal(pressure / 20, 1))
    return np.stack([diagnosis, sex, age, weight, pressure, smokes, test], axis=1)


def clusters(n: int, random: np.random.Generator) -> Rows:
    """Draw five clusters in three numbers, named by a category, and a category that nothing depends on."""
    centres = np.random.default_rng(5).normal(0, 2.5, (5, 3))
    of = _pick(random, np.tile([0.4, 0.25, 0.2, 0.13, 0.02], (n, 1)))
    x = centres[of.astype(int)] + random.normal(0, 0.7, (n, 3))
    x[random.random(n) < 0.15 * (of < 2), 2] = np.nan
    return np.column_stack([of, x, _pick(random, np.tile(np.arange(1.0, 7), (n, 1)))])


def thresholds(n: int, random: np.random.Generator) -> Rows:
    """Draw a Gaussian copula: two numbers, a category of five ordered levels, two of two, gaps by a threshold."""
    loadings = np.random.default_rng(6).normal(0, 1, (6, 3))
    y = random.normal(size=(n, 3)) @ loadings.T + random.normal(0, 0.5, (n, 6))
    y /= np.sqrt((loadings**2).sum(axis=1) + 0.25)
    ordered = np.array([3.0, 0, 4, 1, 2])[np.searchsorted([-1.5, -0.5, 0.3, 1.2], y[:, 2])]
    numbers = np.column_stack([y[:, 0], np.where(y[:, 5] > 0.8, np.nan, np.exp(y[:, 1]))])
    return np.column_stack([numbers, ordered, y[:, 3] > 0.0, y[:, 4] > 1.5])


def _drawn(of: Callable[[int, np.random.Generator], Rows], kinds: tuple[Kind, ...]) -> Table:
    def draw(random: np.random.Generator) -> Draw:
        train, test, true = of(ROWS, random), of(ROWS // 2, random), of(TRUE, random)
        return Draw(train, test, true, of(TRUE, random), Support(kinds=kinds))

    return draw


def _split(rows: Rows, kinds: tuple[Kind, ...]) -> Table:
    def draw(random: np.random.Generator) -> Draw:
        mixed = random.permutation(rows)
        train, true = np.split(mixed, [int(0.6 * len(mixed))])
        return Draw(train, true, true, true, Support(kinds=kinds))

    return draw


def _diabetes() -> Rows:
    x, y = datasets.load_diabetes(return_X_y=True)
    quarter = np.searchsorted(np.quantile(y, [0.25, 0.5, 0.75]), y)
    return np.column_stack([x[:, [0, 2, 3, 8]], x[:, 1] > 0, quarter])


def _with_target(loaded: object) -> Rows:
    return np.column_stack([loaded.data, loaded.target])  # type: ignore[attr-defined]


TABLES: dict[str, Table] = {
    "shop": _drawn(shop, (C, N, N, C, N)),
    "clinic": _drawn(clinic, (C, C, N, N, N, C, N)),
    "clusters": _drawn(clusters, (C, N, N, N, C)),
    "thresholds": _drawn(thresholds, (N, N, C, C, C)),
    "iris": _split(_with_target(datasets.load_iris()), (N,) * 4 + (C,)),
    "diabetes": _split(_diabetes(), (N,) * 4 + (C,) * 2),
}
