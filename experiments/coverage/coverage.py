"""Measure how often the 95 % interval of a winner's confirmed score holds its score over many further draws."""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

from vaebench.results.controlled import without_luck
from vaebench.results.plots.style import COLOURS, INK, new_figure, set_labels, set_title
from vaebench.results.standings import standings
from vaebench.scoring.intervals import interval
from vaebench.scoring.score import score
from vaebench.search import run as studies
from vaebench.search.tasks import Executors, Workers, evaluate_spec
from vaebench.search.workers import executor
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import load
from vaebench.study.spec import Spec

STUDY = Path(__file__).parent / "coverage.toml"


@dataclass(frozen=True)
class Outcome:
    """What one study's winner promised, and what it keeps."""

    seed: int
    trial: int
    searched: float
    confirmed: float
    low: float
    high: float
    further: float
    further_error: float
    """The standard error of `further`."""
    failed: int
    """Further draws on which the winner broke down; they are in no mean."""
    less_luck: float = float("nan")
    less_luck_low: float = float("nan")
    less_luck_high: float = float("nan")
    """The confirmed score less the luck of its draws (see vaebench.scoring.control_variate); NaN where not told."""

    @property
    def covered(self) -> bool:
        """Whether the interval holds the score over the further draws."""
        return self.low <= self.further <= self.high

    @property
    def told(self) -> tuple[float, float]:
        """The narrowest interval that the study tells: less the luck of the draws, where it has that."""
        plain = np.isnan(self.less_luck)
        return (self.low, self.high) if plain else (self.less_luck_low, self.less_luck_high)


def outcome(definition: StudyDefinition, further: int, executors: Executors) -> Outcome:
    """Run a study in a folder of its own and score its winner on `further` draws that nothing has seen."""
    with TemporaryDirectory(prefix="coverage-") as home:
        record = studies.run(definition, home=Path(home), executors=executors)
    found = standings(record)
    best = found.ranked[0]
    assert best.trial is not None
    less_luck = without_luck(found, best)
    first = definition.confirm_replicates
    draws = [definition.replicate("confirm", index) for index in range(first, first + further)]
    with Workers(executors) as workers:
        results = [task.result() for task in workers.evaluate(evaluate_spec, Spec.from_flat(best.trial.params), draws)]
    scores = [score(result.metrics, record.attainable) for result in results if not result.reason]
    low, high = interval(best.scores)
    return Outcome(
        seed=definition.seed,
        trial=best.trial.number,
        searched=float(np.mean([score(result.metrics, record.attainable) for result in best.search])),
        confirmed=float(np.mean(best.scores)),
        low=low,
        high=high,
        further=float(np.mean(scores)),
        further_error=float(np.std(scores, ddof=1) / np.sqrt(len(scores))),
        failed=further - len(scores),
        **dict(
            zip(
                ("less_luck", "less_luck_low", "less_luck_high"),
                astuple(less_luck[0]) if less_luck else (),
                strict=False,
            )
        ),
    )


def outcomes(seeds: int, further: int, workers: int) -> Iterator[Outcome]:
    """Run the study with one seed after the other, on the same workers."""
    definition = load(STUDY)
    with executor(workers) as started:

        def executors() -> AbstractContextManager[object]:
            return nullcontext(started)

        for seed in range(seeds):
            yield outcome(replace(definition, seed=seed), further, executors)  # type: ignore[arg-type]


def picture(found: Sequence[Outcome]) -> Figure:
    """Show each interval, from the lowest further score up, with what the winner has in it and on further draws."""
    figure = new_figure(9, 4.5)
    panel = figure.add_subplot()
    for place, one in enumerate(sorted(found, key=lambda one: one.further)):
        colour = COLOURS[0] if one.covered else COLOURS[1]
        panel.plot([place, place], [one.low, one.high], color=colour, linewidth=3, alpha=0.4)
        panel.plot(place, one.confirmed, "o", color=colour, markersize=4)
        panel.plot(place, one.further, "_", color=INK, markersize=9, markeredgewidth=2)
    set_labels(panel, "study", "score of its winner", "dot: confirmed, with 95 % interval; bar: over further draws")
    panel.set_xticks([])
    set_title(figure, f"{sum(one.covered for one in found)} of {len(found)} intervals hold")
    return figure


def main() -> None:
    """Print a row a study, and how many intervals cover."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=40)
    parser.add_argument("--further", type=int, default=500, help="draws that say what the winner is worth")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write every outcome there")
    parser.add_argument("--picture", type=Path, help="draw them there")
    options = parser.parse_args()
    print("seed  trial  searched  confirmed  95 % interval   further draws  covered  less luck")
    found = []
    for one in outcomes(options.studies, options.further, options.workers):
        found.append(one)
        print(
            f"{one.seed:4}  {one.trial:5}  {one.searched:8.3f}  {one.confirmed:9.3f}  [{one.low:.3f}, {one.high:.3f}]  "
            f"{one.further:.3f} +- {one.further_error:.3f}  {'yes' if one.covered else 'NO':7}  "
            f"[{one.told[0]:.3f}, {one.told[1]:.3f}]"
            f"{f'  ({one.failed} draws failed)' if one.failed else ''}",
            flush=True,
        )
        if options.json:
            options.json.write_text(json.dumps([asdict(each) | {"covered": each.covered} for each in found], indent=1))
    if options.picture:
        picture(found).savefig(options.picture)
    print(f"\n{sum(one.covered for one in found)} of {len(found)} intervals hold the winner's score over further draws")
    held = sum(one.told[0] <= one.further <= one.told[1] for one in found)
    less = sum(not np.isnan(one.less_luck) for one in found)
    print(f"{held} of {len(found)} do, {less} of them less the luck of the draws")
    for what, values in (
        ("interval's width", [one.high - one.low for one in found]),
        ("the same less luck", [one.told[1] - one.told[0] for one in found]),
        ("score over further draws", [one.further for one in found]),
        ("that less the search's", [one.further - one.searched for one in found]),
        ("that less the confirmation's", [one.further - one.confirmed for one in found]),
    ):
        print(f"mean {what:28}  {np.mean(values):.3f} +- {np.std(values, ddof=1) / np.sqrt(len(values)):.3f}")


if __name__ == "__main__":
    main()
