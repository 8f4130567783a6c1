"""Pruning: a trial that is plainly worse than the best one known to it stops before its last replicate.

A trial knows the results that it was asked with, and no later ones, so that what is pruned does not depend on workers,
timing, or where a run was killed and resumed.
"""

from dataclasses import dataclass

from vaebench.scoring.intervals import plainly_worse


@dataclass(frozen=True)
class _Best:
    number: int
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)


class Pruner:
    """Knows, for the trials of one arm, the best finished trial at any time."""

    def __init__(self) -> None:
        self._after: list[_Best | None] = [None]

    def finish(self, number: int, values: tuple[float, ...] | None) -> None:
        """Take in the next trial: its objective on each replicate; None where it failed or was pruned."""
        best = self._after[-1]
        finished = _Best(number, values) if values else None
        self._after.append(finished if finished and (best is None or finished.mean < best.mean) else best)

    def estimate(self, values: tuple[float, ...], known: int) -> float:
        """Return the mean over all replicates to be expected of a pruned trial: best + mean(own - best), paired.

        Its plain mean would hold the luck of the draws it has, which every pruned trial has in the same direction.
        """
        best = self._after[known]
        assert best is not None
        worse = [value - other for value, other in zip(values, best.values, strict=False)]
        return best.mean + sum(worse) / len(worse)

    def verdict(self, values: tuple[float, ...], known: int) -> str | None:
        """Return why a trial with these values should stop, given the first `known` trials; None where it goes on."""
        best = self._after[known]
        if best is None or not plainly_worse(values, best.values[: len(values)]):
            return None
        mean, other = (sum(some[: len(values)]) / len(values) for some in (values, best.values))
        draws = f"{len(values)} of {len(best.values)} replicates"
        return f"plainly worse than trial {best.number} on the first {draws}: {mean:.3g} against {other:.3g}"
