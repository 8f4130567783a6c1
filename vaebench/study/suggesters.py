"""Trials that sample a space without Optuna: from given numbers, at random, or cell by cell of a grid."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import numpy as np

from vaebench.parts import Value

Point = dict[str, Value]
"""A trial's answers, by the name asked for."""


class Trial(Protocol):
    """What a space asks for its values: Optuna's trials, and the classes below."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Return an integer of low, low + step, ..., high."""
        ...

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Return a number in [low, high]."""
        ...

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> Value | None:
        """Return one of `choices`."""
        ...


class UnitTrial:
    """Maps a number in [0, 1) per name to a value: 0 gives the lowest value, or the first choice."""

    def __init__(self, numbers: Mapping[str, float]) -> None:
        self.numbers = numbers
        self.asked: Point = {}

    def number(self, name: str) -> float:
        """Return the number in [0, 1) for `name`."""
        return self.numbers[name]

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Return an integer of the range. On a log scale each has the interval +- 1/2 around it, as in Optuna."""
        u = self.number(name)
        value = round(_power(low - 0.5, high + 0.5, u)) if log else low + step * int(u * ((high - low) // step + 1))
        self.asked[name] = value = min(max(value, low), high)
        return value

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Return a number of the range."""
        u = self.number(name)
        if step is not None:
            value = low + step * int(u * steps(low, high, step))
        else:
            value = _power(low, high, u) if log else low + u * (high - low)
        self.asked[name] = value = min(max(value, low), high)
        return value

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> Value:
        """Return one of `choices`."""
        self.asked[name] = value = choices[int(self.number(name) * len(choices))]
        return value


class RandomTrial(UnitTrial):
    """Answers at random. The same `seed` gives the same answers to the same questions."""

    def __init__(self, seed: int) -> None:
        super().__init__({})
        self._random = np.random.default_rng(seed)

    def number(self, name: str) -> float:
        """Return a fresh uniform number."""
        return float(self._random.random())


class GridTrial:
    """Answers question i with cell `turns[i]` of its range, and every question after those with the first cell."""

    def __init__(self, turns: Sequence[int]) -> None:
        self.turns = list(turns)
        """Index of the cell taken at each question."""
        self.counts: list[int] = []
        """How many cells each question had."""
        self.asked: Point = {}

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Return an integer of the range."""
        self.asked[name] = value = low + step * self._turn((high - low) // step + 1)
        return value

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Return a number of the range. Raises ValueError if it has no step."""
        if step is None:
            raise ValueError(f"{name} has no step: a grid has no cells for it")
        self.asked[name] = value = min(low + step * self._turn(steps(low, high, step)), high)
        return value

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> Value:
        """Return one of `choices`."""
        self.asked[name] = value = choices[self._turn(len(choices))]
        return value

    def _turn(self, count: int) -> int:
        question = len(self.counts)
        self.counts.append(count)
        if question == len(self.turns):
            self.turns.append(0)
        return self.turns[question]


def steps(low: float, high: float, step: float) -> int:
    """Return how many of low, low + step, low + 2 step, ... are in [low, high], in exact decimal arithmetic."""
    return int((Decimal(str(high)) - Decimal(str(low))) // Decimal(str(step))) + 1


def _power(low: float, high: float, u: float) -> float:
    return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
