"""Confirmation: refitting the best trials on fresh draws that the search never saw, and the references beside them."""

from collections.abc import Callable
from dataclasses import replace

from vaebench.rows import Phase
from vaebench.scoring import references
from vaebench.scoring.score import mean_score
from vaebench.search.diagnosing import send_for_diagnosis
from vaebench.search.observer import Observer
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Evaluate, Workers, evaluate_spec
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import ReferenceRecord, StudyRecord, TrialRecord
from vaebench.study.spec import Spec


def candidates(record: StudyRecord, top: int) -> list[TrialRecord]:
    """Return the trials to confirm: the best `top` of all, the best of each variant, and the best of each sub-study.

    The lowest search score comes first, equal ones by number; none that failed. One that was pruned is the best of its
    variant, or sub-study, only where all of that were pruned. None where `top` is 0.
    """
    whole = [trial for trial in record.trials if trial.reason is None]
    ranked = sorted(whole, key=lambda one: (one.pruned is not None, mean_score(one.results, record.attainable)))
    best_of_variant = {trial.params["variant"]: trial.number for trial in reversed(ranked)}
    best_of_arm = {trial.arm: trial.number for trial in reversed(ranked)}
    best = [trial.number for trial in ranked if trial.pruned is None][:top]
    chosen = {*best, *best_of_variant.values(), *best_of_arm.values()}
    return [trial for trial in ranked if trial.number in chosen] if top else []


def confirm_best(
    store: RecordStore,
    definition: StudyDefinition,
    workers: Workers,
    *,
    evaluate: Evaluate,
    observer: Observer,
) -> None:
    """Confirm the best trials of the search on what is missing of their replicates, persisting one trial at a time.

    Trials that were confirmed before are brought to as many replicates: rows are compared draw by draw.
    """
    record = store.record()
    chosen = {trial.number for trial in candidates(record, definition.confirm_top)}
    best = [trial for trial in record.trials if trial.number in chosen or trial.confirmation]
    target = max([definition.confirm_replicates, *(len(trial.confirmation) for trial in best)])
    missing = [trial for trial in best if len(trial.confirmation) < target]
    if missing:
        observer.confirming(len(missing))
    tasks = [
        workers.evaluate(
            evaluate,
            Spec.from_flat(trial.params),
            [definition.replicate("confirm", index) for index in range(len(trial.confirmation), target)],
        )
        for trial in missing
    ]
    diagnose = send_for_diagnosis(store, definition, workers, best) if evaluate is evaluate_spec else None
    if best:
        evaluate_references(store, definition, workers, "confirm", target)()
    for trial, own in zip(missing, tasks, strict=True):
        results = (*trial.confirmation, *(task.result() for task in own))
        store.set_confirmation(trial.number, results)
        observer.confirmed(replace(trial, confirmation=results))
    if diagnose is not None:
        diagnose()


def evaluate_references(
    store: RecordStore, definition: StudyDefinition, workers: Workers, phase: Phase, count: int
) -> Callable[[], None]:
    """Send every reference on what is missing of `count` replicates of a phase; what is returned waits and persists."""
    known = {reference.name: reference for reference in store.record().references}
    work = []
    for name in references.names(definition.data_set):
        empty = ReferenceRecord(name=name, kind="floor" if name == references.FLOOR else "baseline", search=())
        record = known.get(name, empty)
        done = record.confirmation if phase == "confirm" else record.search
        replicates = [definition.replicate(phase, index) for index in range(len(done), count)]
        if replicates:
            work.append((record, done, workers.evaluate(references.evaluate_reference, name, replicates)))

    def collect() -> None:
        for record, done, tasks in work:
            results = (*done, *(task.result() for task in tasks))
            if phase == "confirm":
                store.set_reference(replace(record, confirmation=results))
            else:
                store.set_reference(replace(record, search=results))

    return collect
