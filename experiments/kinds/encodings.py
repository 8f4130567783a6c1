"""Ways in which categories and empty cells can enter networks of numbers, and come out again."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri

from vaebench.generator import level
from vaebench.losses import Loss, Tensor
from vaebench.rows import Kind, Rows
from vaebench.trial.level_noise import LevelNoise


@dataclass(frozen=True)
class Category:
    """A category of one-hot columns or, dequantised, of one; an empty cell is its last level if it has any."""

    levels: Rows  # in their order
    shares: Rows
    empty: bool

    @classmethod
    def fit(cls, cells: Rows, order: Rows) -> Self:
        """Fit to cells of the training rows; `order` has a number for each row, whose means order the levels."""
        levels, places = np.unique(_filled(cells), return_inverse=True)
        counts = np.bincount(places)
        first = np.argsort(np.bincount(places, weights=order) / counts)
        return cls(levels[first], counts[first] / len(cells), bool(np.isnan(cells).any()))

    def places(self, cells: Rows) -> Rows:
        """Return the place of each cell's level; that of a level that no training row has is -1."""
        same = _filled(cells)[:, None] == self.levels
        return np.where(same.any(axis=1), same.argmax(axis=1), -1)

    def cells(self, places: Rows) -> Rows:
        """Return the cells of levels by their places."""
        found = self.levels[places]
        return np.where(np.isinf(found), np.nan, found)

    def one_hot(self, cells: Rows) -> Rows:
        """Return a column of zeros and ones for each level."""
        return (self.places(cells)[:, None] == np.arange(len(self.levels))).astype(float)

    def dequantised(self, cells: Rows, random: np.random.Generator) -> Rows:
        """Return normal quantiles of uniform numbers, each from its level's interval of the cumulative shares."""
        edges, at = np.append(0.0, np.cumsum(self.shares)), self.places(cells)
        u = edges[at] + (edges[at + 1] - edges[at]) * random.random(len(cells))
        return ndtri(np.clip(np.where(at < 0, random.random(len(cells)), u), 1e-6, 1 - 1e-6))

    def quantised(self, x: Rows) -> Rows:
        """Undo it."""
        return self.cells(np.searchsorted(np.cumsum(self.shares)[:-1], ndtr(x)))


def _filled(cells: Rows) -> Rows:
    return np.where(np.isnan(cells), np.inf, cells)


@dataclass(frozen=True)
class Encoding:
    """Rows of any kinds as a matrix of numbers: standardised numbers, then the blocks of categories."""

    how: str
    """one_hot (each column standardised), one_unit (each category has variance 1 in all), raw (0 and 1), code."""
    kinds: tuple[Kind, ...]
    numbers: tuple[tuple[float, float, Rows], ...]  # mean, std, cells of each column of numbers
    fill: str
    categories: tuple[Category, ...]
    """Those of the columns, then whether a number is empty."""

    @classmethod
    def fit(cls, how: str, order: str, fill: str, train: Rows, kinds: tuple[Kind, ...]) -> Self:
        """Fit to training rows. Levels are in the order of their "share", or of their first principal "coordinate"."""
        filled = [x[~np.isnan(x)] for x in train.T]
        numbers = [(x.mean(), x.std(), x) for x, kind in zip(filled, kinds, strict=True) if kind == "number"]
        columns = cls._category_columns(train, kinds)
        plain = [Category.fit(cells, np.zeros(len(train))) for cells in columns]
        by = [of.shares[of.places(cells)] for of, cells in zip(plain, columns, strict=True)]
        if order == "coordinate":
            by = [
                _coordinate(j, columns, plain, train[:, [kind == "number" for kind in kinds]]) for j in range(len(by))
            ]
        return cls(
            how, kinds, tuple(numbers), fill, tuple(Category.fit(x, of) for x, of in zip(columns, by, strict=True))
        )

    @staticmethod
    def _category_columns(rows: Rows, kinds: tuple[Kind, ...], gaps: Rows | None = None) -> list[Rows]:
        gaps = np.isnan(rows).any(axis=0) if gaps is None else gaps
        both = list(zip(rows.T, kinds, gaps, strict=True))
        return [x for x, kind, _ in both if kind == "category"] + [
            np.isnan(x) * 1.0 for x, kind, gap in both if kind == "number" and gap
        ]

    @property
    def widths(self) -> tuple[int, ...]:
        """How many columns each category has."""
        return tuple(1 if self.how == "code" else len(each.levels) for each in self.categories)

    def _factors(self, of: Category) -> Rows:
        spread = np.sqrt(of.shares * (1 - of.shares))
        units = {"one_hot": spread, "one_unit": np.full(len(spread), np.sqrt((spread**2).sum()))}
        return np.where((unit := units.get(self.how, np.ones(len(spread)))) > 0, unit, 1.0)

    def encode(self, rows: Rows, gaps: Rows, random: np.random.Generator) -> Rows:
        """Return rows as numbers; `gaps` says which columns have empty cells in the training rows."""
        found, numbers = [], iter(self.numbers)
        for x, kind in zip(rows.T, self.kinds, strict=True):
            if kind == "number":
                mean, std, cells = next(numbers)
                value = random.choice(cells, len(x)) if self.fill == "draw" else mean
                found.append(((np.where(np.isnan(x), value, x) - mean) / std)[:, None])
        for of, cells in zip(self.categories, self._category_columns(rows, self.kinds, gaps), strict=True):
            if self.how == "code":
                found.append(of.dequantised(cells, random)[:, None])
            else:
                shift = 0.0 if self.how == "raw" else of.shares
                found.append((of.one_hot(cells) - shift) / self._factors(of))
        return np.concatenate(found, axis=1)

    def _shares(self, x: Rows) -> list[Rows]:
        """Return the one-hot columns of each category, as shares."""
        parts = np.split(x[:, len(self.numbers) :], np.cumsum(self.widths)[:-1], axis=1)
        if self.how in ("code", "raw"):
            return parts
        return [part * self._factors(of) + of.shares for part, of in zip(parts, self.categories, strict=True)]

    def level_noise(self, decoded: Rows, scaled: Rows) -> list[LevelNoise]:
        """Return the level noise of each category, fitted to decoded training rows."""
        pairs = zip(self._shares(decoded), self._shares(scaled), strict=True)
        return [LevelNoise.fit(shares, np.rint(one_hot)) for shares, one_hot in pairs]

    def decode(
        self, x: Rows, gaps: Rows, undo: str, random: np.random.Generator, noise: list[LevelNoise] | None = None
    ) -> Rows:
        """Return rows of the table. One-hot columns are undone by "argmax", a "draw" in proportion, or level noise."""
        found = []
        for i, (of, shares, width) in enumerate(zip(self.categories, self._shares(x), self.widths, strict=True)):
            if self.how == "code":
                found.append(of.quantised(shares[:, 0]))
            elif undo == "fitted":
                assert noise is not None
                places = np.arange(width)
                found.append(
                    of.cells(level(shares, random, column=0, levels=places, **vars(noise[i]))[:, 0].astype(int))
                )
            elif undo == "argmax":
                found.append(of.cells(shares.argmax(axis=1)))
            else:
                edges = np.cumsum(np.clip(shares, 1e-9, None), axis=1)
                drawn = (random.random((len(x), 1)) * edges[:, -1:] > edges).sum(axis=1)
                found.append(of.cells(np.minimum(drawn, width - 1)))
        return self._assembled(x, found, gaps)

    def _assembled(self, x: Rows, found: list[Rows], gaps: Rows) -> Rows:
        rows, number, category = np.empty((len(x), len(self.kinds))), 0, 0
        empties = sum(kind == "category" for kind in self.kinds)
        for column, kind in enumerate(self.kinds):
            if kind == "category":
                rows[:, column], category = found[category], category + 1
                continue
            mean, std, _ = self.numbers[number]
            rows[:, column], number = x[:, number] * std + mean, number + 1
            if gaps[column]:
                rows[found[empties] == 1.0, column] = np.nan
                empties += 1
        return rows


def _coordinate(j: int, columns: list[Rows], plain: list[Category], numbers: Rows) -> Rows:
    """Return, for each row, the first principal coordinate of its level's mean of all other columns."""
    filled = np.where(np.isnan(numbers), np.nanmean(numbers, axis=0), numbers)
    others = [(filled - filled.mean(axis=0)) / filled.std(axis=0)]
    others += [plain[i].one_hot(columns[i]) for i in range(len(columns)) if i != j]
    x, places = np.concatenate(others, axis=1), plain[j].places(columns[j])
    means = np.stack([x[places == level].mean(axis=0) for level in range(len(plain[j].levels))])[places]
    means -= means.mean(axis=0)
    return means @ np.linalg.svd(means, full_matrices=False)[2][0]


@dataclass(frozen=True)
class Blocks(Loss):
    """Softmax cross-entropy of each block of one-hot columns, half the squared error of the numbers before them."""

    structure = ("numbers", "widths", "learned")
    numbers: int = 0
    widths: tuple[int, ...] = ()
    learned: bool = False
    """Whether the numbers' variance is learned, as in gaussian_nll."""

    def elementwise(self, x: Tensor, output: Tensor, log_variance: Tensor) -> Tensor:
        """Return the loss of each cell."""
        import tensorflow as tf

        given, variance = slice(self.numbers), log_variance[: self.numbers]
        square = (x[..., given] - output[..., given]) ** 2
        cells = [0.5 * (variance + square * tf.exp(-variance)) if self.learned else 0.5 * square]
        at = self.numbers
        for width in self.widths:
            cells.append(-x[..., at : at + width] * tf.nn.log_softmax(output[..., at : at + width]))
            at += width
        return tf.concat(cells, axis=-1)

    def decoded(self, output: Tensor) -> Tensor:
        """Return numbers, and the probability of each level."""
        import tensorflow as tf

        parts = tf.split(output, [self.numbers, *self.widths], axis=-1)
        return tf.concat([parts[0], *(tf.nn.softmax(part) for part in parts[1:])], axis=-1)


@dataclass(frozen=True)
class LearnedBlocks(Blocks):
    """The same with a learned variance."""

    learned: bool = True
    learns_variance = True
