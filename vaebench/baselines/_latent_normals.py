"""Numbers in place of categories and empty cells, so that a baseline of numbers takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vaebench.margins import Column, Quantiles
from vaebench.rows import Kind, Rows

MOST_LEVELS = 10
"""Levels that are asked for one by one, the most frequent ones; the others are drawn by their shares."""
SWEEPS = 20
"""Times that each latent normal is drawn again, given all others."""
SMALL = 1e-12
"""Levels of a normal are this far from 0 and 1."""


@dataclass(frozen=True)
class _Question:
    """Is the cell this level, or empty? Asked of the rows to which the column's earlier questions say no."""

    column: int
    level: float
    """NaN if it is empty."""
    threshold: float
    """Yes where the latent normal is above it."""


@dataclass(frozen=True)
class LatentNormals:
    """Rows of numbers that stand for rows with categories and empty cells.

    A column of numbers is itself, its empty cells filled in. Each level of a category, the most frequent first, is a
    question to the rows that are left, and so is "is it empty?": yes where a latent normal, a column of its own, is
    above a threshold. Latent normals and empty cells are drawn given the normal scores of all other columns, by Gibbs
    sampling of a Gaussian copula, so that they go along with these as much as the rows say. Hoff, "Extending the rank
    likelihood for semiparametric copula estimation", Annals of Applied Statistics 1(1), 2007.
    """

    rows: Rows
    """The latent normals, then the columns of numbers: shape (rows, axes)."""
    questions: tuple[_Question, ...]
    numbers: tuple[int, ...]
    """The columns of numbers."""
    others: tuple[Column, ...]
    """Of each column, the cells to which all of its questions say no."""

    @classmethod
    def fit(cls, train: Rows, kinds: Sequence[Kind], random: np.random.Generator) -> Self:
        """Fit to `train`, shape (rows, columns), whose empty cells are NaN."""
        from scipy.special import ndtr

        numbers = tuple(column for column, kind in enumerate(kinds) if kind == "number")
        answers: list[Column] = []
        asked: list[tuple[int, float]] = []
        others = []
        for column, kind in enumerate(kinds):
            left = np.ones(len(train), bool)
            for level in _levels(train[:, column], kind):
                yes = np.isnan(train[:, column]) if np.isnan(level) else train[:, column] == level
                answers.append(np.where(left, yes, np.nan))
                asked.append((column, level))
                left &= ~yes
            others.append(train[left, column])
        values = [train[:, column] for column in numbers]
        z, thresholds = _drawn(answers, values, random)
        for place, cells in enumerate(values, len(answers)):
            gaps = np.isnan(cells)
            if gaps.any() and not gaps.all():
                values[place - len(answers)] = np.where(gaps, Quantiles.fit(cells[~gaps]).at(ndtr(z[place])), cells)
        questions = tuple(_Question(*each, float(at)) for each, at in zip(asked, thresholds, strict=True))
        rows = np.array([*z[: len(answers)], *(np.nan_to_num(cells) for cells in values)]).reshape(-1, len(train)).T
        return cls(rows, questions, numbers, tuple(others))

    def undo(self, rows: Rows, random: np.random.Generator) -> Rows:
        """Return the rows that rows like `self.rows` stand for: shape (rows, columns)."""
        found = np.empty((len(rows), len(self.others)))
        for column, cells in enumerate(self.others):
            if column not in self.numbers:
                found[:, column] = cells[random.integers(len(cells), size=len(rows))]
        for place, column in enumerate(self.numbers, len(self.questions)):
            found[:, column] = rows[:, place]
        left = np.ones(found.shape, bool)
        for place, question in enumerate(self.questions):
            yes = left[:, question.column] & (rows[:, place] > question.threshold)
            found[yes, question.column] = question.level
            left[yes, question.column] = False
        return found


def _levels(cells: Column, kind: Kind) -> Column:
    """Return the levels that are asked for, NaN for empty cells."""
    empty = np.isnan(cells)
    if kind == "number":
        return np.array([np.nan] if empty.any() else [])
    levels, counts = np.unique(np.where(empty, np.inf, cells), return_counts=True)
    levels = levels[np.argsort(-counts, kind="stable")]
    return np.where(np.isinf(levels), np.nan, levels)[: min(MOST_LEVELS, len(levels) - 1)]


def _drawn(
    answers: Sequence[Column], values: Sequence[Column], random: np.random.Generator
) -> tuple[Rows, list[float]]:
    """Return the normal scores of answers and values, shape (axes, rows), and the thresholds of the answers.

    An answer is 1, 0 or, if it was not asked for, NaN. Given the others, an axis is normal, and between its ends. The
    correlations are those of the axes at the beginning of a sweep, shrunk to none as by Hoff's prior, by axes + 2 rows.
    """
    from scipy.special import ndtr, ndtri

    z = np.array([*map(_first, answers, [random] * len(answers)), *(_scores(cells, random) for cells in values)])
    thresholds = [float(ndtri(1 - np.nanmean(answer))) for answer in answers]
    open_ends = [*range(len(answers)), *(i for i, of in enumerate(values, len(answers)) if np.isnan(of).any())]
    axes, n = z.shape
    prior = (axes + 2) / (n + axes + 2)
    for _ in range(SWEEPS if open_ends else 0):
        precision = np.linalg.inv((1 - prior) * (z @ z.T) / n + prior * np.eye(axes))
        for i in open_ends:
            mean, std = z[i] - precision[i] @ z / precision[i, i], precision[i, i] ** -0.5
            groups = [answers[i] == 1, answers[i] == 0] if i < len(answers) else []
            uniform = _spread_out(n, groups, random)
            if i >= len(answers):
                gaps = np.isnan(values[i - len(answers)])
                z[i, gaps] = (mean + std * ndtri(uniform))[gaps]
                continue
            (yes, no), at = groups, thresholds[i]
            below = ndtr((at - mean) / std)
            level = np.where(yes, below + uniform * (1 - below), np.where(no, uniform * below, uniform))
            drawn = mean + std * ndtri(np.clip(level, SMALL, 1 - SMALL))
            drawn = np.where(
                yes, np.maximum(drawn, np.nextafter(at, np.inf)), np.where(no, np.minimum(drawn, at), drawn)
            )
            centre, spread = drawn.mean(), drawn.std()
            z[i], thresholds[i] = (drawn - centre) / spread, (at - centre) / spread
    return z, thresholds


def _first(answer: Column, random: np.random.Generator) -> Column:
    """Return a draw of an answer's latent normal that nothing else is known of."""
    from scipy.special import ndtri

    share, yes, no = np.nanmean(answer), answer == 1, answer == 0
    uniform = _spread_out(len(answer), [yes, no], random)
    level = np.where(yes, 1 - share + share * uniform, np.where(no, (1 - share) * uniform, uniform))
    return np.asarray(ndtri(np.clip(level, SMALL, 1 - SMALL)))


def _spread_out(n: int, groups: Sequence[NDArray[np.bool_]], random: np.random.Generator) -> Column:
    """Return uniform numbers, spread evenly in each group of rows: the share of normals beyond a point is as expected.

    Independent ones would blur shares as much again as the rows' own number does.
    """
    uniform = np.empty(n)
    for group in (*groups, ~np.any([*groups, np.zeros(n, bool)], axis=0)):
        count = int(group.sum())
        uniform[group] = (random.permutation(count) + random.random(count)) / max(count, 1)
    return uniform


def _scores(cells: Column, random: np.random.Generator) -> Column:
    """Return the normal scores of a column, of which empty cells have random ones."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    scores = random.standard_normal(len(cells))
    filled = ~np.isnan(cells)
    scores[filled] = ndtri((rankdata(cells[filled]) - 0.5) / max(filled.sum(), 1))
    return scores
