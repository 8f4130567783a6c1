"""Pruning: a trial that is plainly worse than the best one it knows of stops before its last replicate.

A trial knows only the results that were known when it was asked. So what is pruned does not depend on workers, timing,
or where a run was killed and resumed.
"""

from dataclasses import dataclass

from vaebench.scoring.paired_tests import worse

LEVEL = 0.1


@dataclass(frozen=True)
class _Best:
    number: int
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)


class Pruner:
    """Keeps, for one arm, the best finished trial after every number of trials."""

    def __init__(self) -> None:
        self._after: list[_Best | None] = [None]

    def finish(self, number: int, values: tuple[float, ...] | None) -> None:
        """Add the next trial: its objective on each replicate, or None if it failed or was pruned."""
        best = self._after[-1]
        finished = _Best(number, values) if values else None
        self._after.append(finished if finished and (best is None or finished.mean < best.mean) else best)

    def estimate(self, values: tuple[float, ...], known: int) -> float:
        """Return a pruned trial's expected mean over all replicates: mean(best) + mean(its values - best's), paired.

        Its plain mean would include the luck of the first draws, which all pruned trials share.
        """
        best = self._after[known]
        assert best is not None
        worse = [value - other for value, other in zip(values, best.values, strict=False)]
        return best.mean + sum(worse) / len(worse)

    def verdict(self, values: tuple[float, ...], known: int) -> str | None:
        """Return why a trial with these values should stop, given the first `known` trials; None if it goes on."""
        best = self._after[known]
        if best is None or not worse(values, best.values[: len(values)], LEVEL):
            return None
        mean, other = (sum(some[: len(values)]) / len(values) for some in (values, best.values))
        draws = f"{len(values)} of {len(best.values)} replicates"
        return f"plainly worse than trial {best.number} on the first {draws}: {mean:.3g} against {other:.3g}"
