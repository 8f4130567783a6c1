"""Artifacts of a trial: plots, samples, saved model. A worker fits the trial again and makes them."""

from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from vaebench.search.tasks import Executors
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import TrialRecord
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec


@dataclass(frozen=True)
class Artifacts:
    """The content of files, by file name, as a worker returns it."""

    columns: tuple[str, ...]
    model: dict[str, bytes]
    """The files that `vaebench.trial.generator.Generator.save` writes."""
    files: dict[str, bytes]
    """generated_against_true.png, loss_curves.png, samples.csv; with several columns also pairs_of_columns.png."""


def make_artifacts(spec: Spec, replicate: Replicate, title: str) -> Artifacts:
    """Fit `spec` to `replicate` and make its artifacts. Raises FittingError if the fit fails."""
    import pandas as pd

    from vaebench.results.plots.generated_against_true import SAMPLES, generated_against_true
    from vaebench.results.plots.loss_curves import loss_curves
    from vaebench.results.plots.pairs_of_columns import pairs_of_columns
    from vaebench.trial.generator import Generator

    generator = Generator.fit(spec, replicate)
    rows, draw = generator.generate(SAMPLES, seed=0), generator.draw
    with TemporaryDirectory() as folder:
        model, shown = Path(folder) / "model", Path(folder) / "shown"
        shown.mkdir()
        generator.save(model)
        subject = rows, draw.true, draw.train, generator.columns, title
        generated_against_true(*subject).savefig(shown / "generated_against_true.png")
        if len(generator.columns) > 1:
            pairs_of_columns(*subject).savefig(shown / "pairs_of_columns.png")
        loss_curves(generator.result.curves).savefig(shown / "loss_curves.png")
        pd.DataFrame(rows, columns=list(generator.columns)).to_csv(shown / "samples.csv", index=False)
        return Artifacts(generator.columns, _files(model), _files(shown))


class ArtifactTasks(Mapping[int, Artifacts]):
    """The artifacts of trials by number. Workers make all of them, from `begin` on or when one is asked for."""

    def __init__(self, definition: StudyDefinition, trials: list[TrialRecord], executors: Executors) -> None:
        self._trials = {trial.number: trial for trial in trials}
        self._definition, self._executors = definition, executors

    def begin(self) -> None:
        """Start the workers on it, while this process loads and opens MLflow."""
        with suppress(Exception):  # it is raised when an artifact is asked for
            _ = self._futures

    @cached_property
    def _futures(self) -> dict[int, Future[Artifacts]]:
        replicate = self._definition.replicate("search", 0)
        with self._executors() as executor:
            return {
                number: executor.submit(
                    make_artifacts,
                    Spec.from_flat(trial.params),
                    replicate,
                    f"trial {number}: {trial.params.get('variant')}",
                )
                for number, trial in self._trials.items()
            }

    def __getitem__(self, number: int) -> Artifacts:
        try:
            return self._futures[number].result()
        except (Exception, CancelledError) as error:  # the leaderboard is worth more than a plot
            raise ConnectionError(f"trial {number} could not be shown: {type(error).__name__}: {error}") from None

    def __contains__(self, number: object) -> bool:
        return number in self._trials

    def __iter__(self) -> Iterator[int]:
        return iter(self._trials)

    def __len__(self) -> int:
        return len(self._trials)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
