"""The baselines and the noise floor, scored by the workers on the same replicates as the trials."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vaebench.rows import Phase
from vaebench.scoring.baseline_scores import FLOOR, baseline_names, evaluate_baseline
from vaebench.search.events import Advanced, Observer
from vaebench.search.tasks import Task, Workers
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import BaselineRecord, Result, StudyRecord


@dataclass(frozen=True)
class Sent:
    """A baseline, and its evaluations under way."""

    record: BaselineRecord
    phase: Phase
    tasks: list[Task]

    def collect(self, observer: Observer) -> BaselineRecord:
        """Wait for the evaluations. Return the baseline with their results added."""
        results: list[Result] = []
        for task in self.tasks:
            results.append(task.result())
            observer(Advanced())
        if self.phase == "confirm":
            return replace(self.record, confirmation=(*self.record.confirmation, *results))
        return replace(self.record, search=(*self.record.search, *results))


def send_baselines(
    record: StudyRecord, definition: StudyDefinition, workers: Workers, phase: Phase, count: int
) -> Sequence[Sent]:
    """Send every baseline that suits the data, and the noise floor, on those of `count` replicates that it lacks.

    A record of before score 1 was chosen by the whole score keeps to the baselines of its time.
    """
    known = {baseline.name: baseline for baseline in record.baselines}
    earlier = record.attainable.metrics and record.attainable.chosen_by != "score"
    sent = []
    for name in baseline_names(definition.data_set):
        if earlier and name not in known:
            continue
        baseline = known.get(name) or BaselineRecord(name, "floor" if name == FLOOR else "baseline", search=())
        done = len(baseline.confirmation if phase == "confirm" else baseline.search)
        replicates = [definition.baseline_replicate(phase, index) for index in range(done, count)]
        if replicates:
            sent.append(Sent(baseline, phase, workers.evaluate(evaluate_baseline, name, replicates)))
    return sent
