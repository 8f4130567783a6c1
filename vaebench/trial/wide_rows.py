"""Rows of columns of any kind as a wider matrix of numbers without gaps, for networks, and its undoing as steps.

A category becomes shares: a column for each level, 1 in the rows that have it and 0 in the others; an empty cell is a
level of its own. A number with empty cells becomes the number, their mean in place of the empty ones, and the two
shares of such a category: filled or empty. A decoder gives shares between, by which a level is drawn: see
vaebench.trial.level_noise and docs/decisions/0031-categories-and-gaps.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from vaebench.generator import Steps
from vaebench.margins import Column
from vaebench.rows import Draw, Kind, Rows
from vaebench.trial.level_noise import LevelNoise

T = TypeVar("T")
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """The wide columns that one column of the rows becomes: its number if it is of numbers, then shares."""

    number: bool
    levels: Column
    """[K], of a category its codes, NaN last; of a number with gaps 0 and 1, whether the cell is empty; else none."""
    seen: Mask
    """[K], whether a training row has the level. One that none has is never generated."""
    mean: float
    """Of a number's filled cells."""

    @classmethod
    def of(cls, cells: Column, every: Column, kind: Kind) -> Self:
        """Return the block of a column: its training rows, and `every` row, by which levels are counted."""
        gaps = bool(np.isnan(every).any())
        if kind == "number":
            levels = np.arange(2.0) if gaps else np.empty(0)
            filled = cells[~np.isnan(cells)]
            seen = np.asarray(_one_hot(np.isnan(cells), levels).any(axis=0))
            return cls(True, levels, seen, float(filled.mean()) if gaps and len(filled) else 0.0)
        codes = np.arange(np.max(every[~np.isnan(every)], initial=-1.0) + 1.0)
        levels = np.append(codes, np.nan) if gaps else codes
        return cls(False, levels, np.asarray(_one_hot(cells, levels).any(axis=0)), 0.0)

    @property
    def width(self) -> int:
        """How many columns it has."""
        return self.number + len(self.levels)

    def open(self, cells: Column) -> Rows:
        """Return these cells, shape (rows, width)."""
        if not self.number:
            return _one_hot(cells, self.levels)
        empty = np.isnan(cells)
        return np.column_stack([np.where(empty, self.mean, cells), _one_hot(empty, self.levels)])


@dataclass(frozen=True)
class WideRows:
    """The blocks of all columns, in their order: W wide columns of F."""

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, draw: Draw) -> Self:
        """Return the blocks of a draw: what its training rows have, as wide as all its rows together need.

        So every split of a file is as wide, and they share a compiled program.
        """
        every = np.concatenate([draw.train, draw.test, draw.true]) if draw.support.kinds else draw.train
        kinds: tuple[Kind, ...] = draw.support.kinds or ("number",) * every.shape[1]
        return cls(tuple(Block.of(*columns) for columns in zip(draw.train.T, every.T, kinds, strict=True)))

    @property
    def width(self) -> int:
        """W, how many columns there are."""
        return sum(block.width for block in self.blocks)

    @cached_property
    def shares(self) -> tuple[slice, ...]:
        """The wide columns of shares of each block that has some."""
        ends = np.cumsum([block.width for block in self.blocks])
        return tuple(
            slice(int(end) - len(block.levels), int(end))
            for block, end in zip(self.blocks, ends, strict=True)
            if len(block.levels)
        )

    @cached_property
    def are_shares(self) -> Mask:
        """Which wide columns are shares, shape (W,)."""
        places = np.zeros(self.width, bool)
        for part in self.shares:
            places[part] = True
        return places

    def of_numbers(self, values: Sequence[T], of_shares: T) -> tuple[T, ...]:
        """Return a value for each wide column: that of its column for a number, and `of_shares` for shares."""
        blocks = zip(self.blocks, values, strict=True)
        return tuple(of for block, value in blocks for of in [value] * block.number + [of_shares] * len(block.levels))

    def open(self, rows: Rows) -> Rows:
        """Return rows [n, F] as wide rows [n, W]."""
        if not self.shares:
            return rows
        return np.concatenate([block.open(x) for block, x in zip(self.blocks, rows.T, strict=True)], axis=1)

    def filled(self, rows: Rows) -> Mask:
        """Return which cells of the wide rows of `rows` [n, F] are no filled in ones, shape (n, W)."""
        found = [
            np.isnan(x)[:, None] & (np.arange(block.width) == 0) & block.number
            for block, x in zip(self.blocks, rows.T, strict=True)
        ]
        return ~np.concatenate(found, axis=1)

    @property
    def certain(self) -> tuple[LevelNoise, ...]:
        """No noise: of each block's levels the one of the largest share."""
        return tuple(LevelNoise.none(block.seen) for block in self.blocks if len(block.levels))

    def undo(self, noise: Sequence[LevelNoise]) -> Steps:
        """Return what makes rows of wide rows, levels drawn with the `noise` of each block that has some."""
        steps: list[tuple[str, Mapping[str, Any]]] = []
        of_blocks = iter(noise)
        for column, block in enumerate(self.blocks):  # those before it are single columns by then
            if len(block.levels):
                arguments = {"column": column + block.number, "levels": block.levels}
                steps.append(("level", {**arguments, **vars(next(of_blocks))}))
                if block.number:
                    steps.append(("empty", {"column": column}))
        return Steps(tuple(steps))


def _one_hot(cells: Column | Mask, levels: Column) -> Rows:
    same = (cells[:, None] == levels) | (np.isnan(cells)[:, None] & np.isnan(levels))
    return np.asarray(same, np.float64)
