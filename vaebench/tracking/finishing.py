"""What follows a search: MLflow brought up to date, with pictures and models of the best trials."""

from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from vaebench.results.leaderboard import leaderboard, standings
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Executors
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import StudyRecord, TrialRecord
from vaebench.study.spec import Spec
from vaebench.tracking.artifacts import Exhibit, exhibit
from vaebench.tracking.live import is_tracked, log, note_tracked
from vaebench.tracking.where import run_ids

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 3
"""How many of the best trials have pictures, samples and a model in MLflow."""


def finish(home: Path, record: StudyRecord, executors: Executors) -> "pd.DataFrame":
    """Bring MLflow up to date with all of a study, where it is not, and return the leaderboard."""
    if not is_tracked(home, record):
        log.info("finishing: pictures and models for MLflow")
        from vaebench.tracking.sync import project

        definition = RecordStore.open(home, record.name).definition
        ranked = [one.trial for one in standings(record) if one.ranked and one.trial is not None]
        exhibits = Exhibits(definition, ranked[:SHOWN], executors)
        exhibits.begin()
        projection = project(home, record, exhibits)
        if projection.warning is None:
            note_tracked(home, record)
        else:
            log.warning("%s", projection.warning)
    return leaderboard(record, run_ids(home, record.name))


class Exhibits(Mapping[int, Exhibit]):
    """The exhibits of trials by number, all made by the workers, from `begin` on."""

    def __init__(self, definition: StudyDefinition, trials: list[TrialRecord], executors: Executors) -> None:
        self._trials = {trial.number: trial for trial in trials}
        self._definition, self._executors = definition, executors

    def begin(self) -> None:
        """Let the workers begin, while MLflow is being loaded and opened."""
        with suppress(Exception):  # told of when one is asked for
            _ = self._futures

    @cached_property
    def _futures(self) -> dict[int, Future[Exhibit]]:
        replicate = self._definition.replicate("search", 0)
        with self._executors() as executor:
            return {
                number: executor.submit(
                    exhibit,
                    Spec.from_flat(trial.params),
                    replicate,
                    f"trial {number}: {trial.params.get('variant')}",
                )
                for number, trial in self._trials.items()
            }

    def __getitem__(self, number: int) -> Exhibit:
        try:
            return self._futures[number].result()
        except (Exception, CancelledError) as error:  # the leaderboard is worth more than a picture
            raise ConnectionError(f"trial {number} could not be shown: {type(error).__name__}: {error}") from None

    def __contains__(self, number: object) -> bool:
        return number in self._trials

    def __iter__(self) -> Iterator[int]:
        return iter(self._trials)

    def __len__(self) -> int:
        return len(self._trials)
