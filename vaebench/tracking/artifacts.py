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


@dataclass(frozen=True)
class Artifacts:
    """The content of files, by file name, as a worker returns it."""

    columns: tuple[str, ...]
    model: dict[str, bytes]
    """The kept generator: see vaebench.trial.to_generator.content."""
    files: dict[str, bytes]
    """generated_against_true.png, reconstructions.png, loss_curves.png, samples.csv; with several columns also
    pairs_of_columns.png."""


def make_artifacts(trial: TrialRecord, definition: StudyDefinition) -> Artifacts:
    """Fit a trial again and make its artifacts. Raises FittingError if the fit fails."""
    from vaebench.results.plots.generated_against_true import generated_against_true
    from vaebench.results.plots.loss_curves import loss_curves
    from vaebench.results.plots.pairs_of_columns import pairs_of_columns
    from vaebench.results.plots.reconstructions import reconstructions
    from vaebench.trial.plot_data import SAMPLES, PlotData
    from vaebench.trial.to_generator import content, fit_all, generator_of

    shown = PlotData.of_trial(trial, definition)
    fitted = shown.fitted if definition.fresh_draws else fit_all(trial, definition)
    generator = generator_of(fitted, trial, definition)
    title = f"trial {trial.number}: {trial.params.get('variant')}"
    subject = shown.generated, shown.draw.true, shown.draw.train, shown.columns, title, shown.levels
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        generated_against_true(*subject).savefig(folder / "generated_against_true.png")
        if len(shown.columns) > 1:
            pairs_of_columns(*subject).savefig(folder / "pairs_of_columns.png")
        reconstructions(shown, title).savefig(folder / "reconstructions.png")
        loss_curves(shown.result.curves).savefig(folder / "loss_curves.png")
        generator.generate(SAMPLES).to_csv(folder / "samples.csv", index=False)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return Artifacts(shown.columns, content(fitted, generator), files)


class NotShownError(Exception):
    """Why a trial's artifacts could not be made."""


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
        with self._executors() as executor:
            return {
                number: executor.submit(make_artifacts, trial, self._definition)
                for number, trial in self._trials.items()
            }

    def __getitem__(self, number: int) -> Artifacts:
        try:
            return self._futures[number].result()
        except (Exception, CancelledError) as error:  # the leaderboard is worth more than a plot
            raise NotShownError(f"trial {number} could not be shown: {type(error).__name__}: {error}") from None

    def __contains__(self, number: object) -> bool:
        return number in self._trials

    def __iter__(self) -> Iterator[int]:
        return iter(self._trials)

    def __len__(self) -> int:
        return len(self._trials)
