"""Run a study of many trials whose evaluations cost nothing; all else is real. Print time and memory as it grows."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import plausible  # noqa: E402

import vaebench  # noqa: E402
from vaebench.search import confirmation, loop, programs  # noqa: E402
from vaebench.search.events import ConfirmationStarted, Event, SearchStarted, Step, TrialFinished  # noqa: E402


class Clock:
    """Prints, as the run goes on, the time since the process began and the memory of it and of the writer of MLflow."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._process = psutil.Process()
        self._asked = False

    def __call__(self, event: Event) -> None:
        """Say what an event means."""
        match event:
            case Step(what, _):
                self.say(what)
            case SearchStarted(record, _):
                self.say(f"search from trial {len(record.trials)}")
            case TrialFinished(trial) if (trial.number + 1) % self._every == 0:
                self.say(f"{trial.number + 1} trials")
            case ConfirmationStarted():
                self.say("confirming")

    def evaluate(self, *arguments: object) -> object:
        """Evaluate, and note the first time that there is something to evaluate."""
        if not self._asked:
            self._asked = True
            self.say("first new trial asked")
        return plausible.plausible(*arguments)  # type: ignore[arg-type]

    def say(self, what: str) -> None:
        """Print the time since the process began, its resident memory, and that of each of its children."""
        resident = [self._process.memory_info().rss, *(child.memory_info().rss for child in self._process.children())]
        memory = " ".join(f"{rss / 2**20:6.0f}" for rss in resident)
        print(f"{time.time() - self._process.create_time():7.1f} s  {memory} MB  {what}", flush=True)


def cost_nothing(evaluate: Callable[..., object]) -> None:
    """Put `evaluate` in the place of the search's evaluations, and nothing in that of the others."""
    loop.evaluate_spec = evaluate  # type: ignore[assignment]
    confirmation.evaluate_spec = plausible.plausible
    confirmation.evidence_on = programs.compile_for = plausible.nothing  # type: ignore[assignment]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--every", type=int, default=1000)
    given = parser.parse_args()
    clock = Clock(given.every)
    loop.evaluate_spec = plausible.plausible if given.workers else clock.evaluate  # type: ignore[assignment]
    confirmation.evaluate_spec = confirmation.evaluate_with_evidence = plausible.plausible  # type: ignore[assignment]
    programs.compile_for = plausible.nothing  # type: ignore[assignment]
    vaebench.run(HERE / "load.toml", home=given.home, trials=given.trials, workers=given.workers, observer=clock)
    clock.say("done")


if __name__ == "__main__":
    main()
