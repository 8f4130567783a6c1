"""Pruning: a trial that is plainly worse than the best one it knows of stops before its last replicate.

A trial knows only the results that were known when it was asked. So what is pruned does not depend on workers, timing,
or where a run was killed and resumed.
"""

from dataclasses import dataclass

from vaebench.scoring.paired_tests import worse
from vaebench.study.definition import STAGE

ERROR = 0.1
"""Largest probability, over all looks at it, that a trial as good as the best one is pruned."""


@dataclass(frozen=True)
class _Trial:
    number: int
    values: tuple[float, ...]

    def mean(self, start: int = 0) -> float:
        return sum(self.values[start:]) / len(self.values[start:])


class Pruner:
    """Keeps the finished trials of one arm that later trials are compared with.

    After n replicates a trial is compared, on these n, with the trial that is best on all others. The best on all
    replicates would be the luckiest of many as well; on draws that did not choose it, a trial has no luck beyond that
    of any other. None is truly better than the best one, so a trial as good as that is pruned at a look with at most
    the level of its test, and at any look with at most ERROR, the sum of the levels.
    """

    def __init__(self, replicates: int) -> None:
        """Start without a trial, in a study with that many replicates."""
        self._levels = levels(replicates)
        self._after: list[dict[int, _Trial]] = [{}]

    def finish(self, number: int, values: tuple[float, ...] | None) -> None:
        """Add the next trial: its objective on each replicate, or None if it failed or was pruned."""
        best = self._after[-1]
        if values:
            trial = _Trial(number, values)
            better = {n: trial for n in self._levels if n not in best or trial.mean(n) < best[n].mean(n)}
            best = best | better if better else best
        self._after.append(best)

    def estimate(self, values: tuple[float, ...], known: int) -> float:
        """Return a pruned trial's expected mean over all replicates: mean(best) + mean(its values - best's), paired.

        Its plain mean would include the luck of the first draws, which all pruned trials share.
        """
        best = self._after[known][len(values)]
        differences = [value - other for value, other in zip(values, best.values, strict=False)]
        return best.mean() + sum(differences) / len(differences)

    def verdict(self, values: tuple[float, ...], known: int) -> str | None:
        """Return why a trial with these values should stop, given the first `known` trials; None if it goes on."""
        best, looked = self._after[known].get(len(values)), len(values)
        if best is None or not worse(values, best.values[:looked], self._levels[looked]):
            return None
        mean, other = (sum(some[:looked]) / looked for some in (values, best.values))
        draws = f"{looked} of {len(best.values)} replicates"
        return f"plainly worse than trial {best.number} on the first {draws}: {mean:.3g} against {other:.3g}"


def levels(replicates: int) -> dict[int, float]:
    """Return the level of the test after each number of replicates at which a trial may be pruned. Their sum is ERROR.

    The first look has the smallest level that its test can have: worse on every one of STAGE replicates. Each further
    one has half of what is left, the last all of it.
    """
    looks = range(STAGE, replicates, STAGE)
    left, found = ERROR, {}
    for look in looks:
        found[look] = left if look == looks[-1] else 0.5**STAGE if look == looks[0] else left / 2
        left -= found[look]
    return found
