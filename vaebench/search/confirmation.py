"""Confirmation: refit the best trials on further draws that the search never saw, and diagnose them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vaebench.scoring.score import mean_score, score
from vaebench.search.baselines import send_baselines
from vaebench.search.events import Advanced, ConfirmationStarted, Observer, Step, TrialConfirmed
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Task, Workers, evaluate_spec, evaluate_with_evidence
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Diagnosis, Evidence, StudyRecord, TrialRecord
from vaebench.study.spec import Spec
from vaebench.trial.diagnosis import DRAWS, EXPECTED, diagnose


def candidates(record: StudyRecord, top: int) -> list[TrialRecord]:
    """Return the trials to confirm: the best `top` of all, the best of each variant, and the best of each arm.

    They are sorted by search score, equal ones by number. Failed trials are left out. A pruned trial is the best of its
    variant or arm only if all of them were pruned. If `top` is 0, there are none.
    """
    whole = [trial for trial in record.trials if trial.reason is None]
    ranked = sorted(whole, key=lambda trial: (trial.pruned is not None, mean_score(trial.results, record.attainable)))
    best_of_variant = {trial.params["variant"]: trial.number for trial in reversed(ranked)}
    best_of_arm = {trial.arm: trial.number for trial in reversed(ranked)}
    best = [trial.number for trial in ranked if trial.pruned is None][:top]
    chosen = {*best, *best_of_variant.values(), *best_of_arm.values()}
    return [trial for trial in ranked if trial.number in chosen] if top else []


def confirm_best(store: RecordStore, definition: StudyDefinition, workers: Workers, observer: Observer) -> None:
    """Confirm the best trials on the confirmation replicates they lack, and persist them one by one.

    Trials confirmed earlier are brought to the same number of replicates, since rows are compared draw by draw.
    """
    record = store.record()
    chosen = {trial.number for trial in candidates(record, definition.confirm_top)}
    best = [trial for trial in record.trials if trial.number in chosen or trial.confirmation]
    target = max([definition.confirm_replicates, *(len(trial.confirmation) for trial in best)])
    sent = [_send(trial, target, definition, workers) for trial in best]
    baselines = send_baselines(record, definition, workers, "confirm", target) if best else []
    if fits := sum(map(len, sent)):
        observer(ConfirmationStarted(sum(map(bool, sent)), fits))
    evidence = {
        trial.number: _collect(trial, tasks, store, observer) for trial, tasks in zip(best, sent, strict=True) if tasks
    }
    if baselines:
        observer(Step("scoring the baselines on the same draws", sum(len(sent.tasks) for sent in baselines)))
    for of_baseline in baselines:
        store.set_baseline(of_baseline.collect(observer))
    record = store.record()
    for trial in best:
        if trial.diagnosis is None:
            store.set_diagnosis(trial.number, diagnosis_of(trial, evidence[trial.number], record))


def _send(trial: TrialRecord, draws: int, definition: StudyDefinition, workers: Workers) -> dict[int, Task]:
    """Send the fits that `trial` lacks on so many confirmation replicates, and those that its diagnosis needs."""
    lacking = {*range(len(trial.confirmation), draws)}
    explained = {*range(min(DRAWS, definition.confirm_replicates))} if trial.diagnosis is None else set[int]()
    tasks: dict[int, Task] = {}
    for index in sorted(lacking | explained):
        evaluate = evaluate_with_evidence if index in explained else evaluate_spec
        replicate = definition.replicate("confirm", index)
        (tasks[index],) = workers.evaluate(
            evaluate, Spec.from_flat(trial.params), [replicate], definition.trial_minutes
        )
    return tasks


def _collect(
    trial: TrialRecord, tasks: Mapping[int, Task], store: RecordStore, observer: Observer
) -> list[Evidence | None]:
    """Wait for the fits of `trial` and persist the results that it lacked. Return the evidence on each replicate."""
    results, evidence = trial.confirmation, list[Evidence | None]()
    for index, task in tasks.items():
        result, found = task.explained()
        evidence.append(found)
        if index == len(results):
            results = (*results, result)
        observer(Advanced())
    if len(results) > len(trial.confirmation):
        store.set_confirmation(trial.number, results)
        observer(TrialConfirmed(replace(trial, confirmation=results)))
    return evidence


def diagnosis_of(trial: TrialRecord, found: Sequence[Evidence | None], record: StudyRecord) -> Diagnosis:
    """Diagnose `trial` from the evidence on each replicate. The diagnosis is empty if there is no evidence."""
    expected = _expected(record)
    evidence = [{**item, **expected.get(index, {})} for index, item in enumerate(found) if item is not None]
    if not evidence:
        return Diagnosis((), {})
    return diagnose(Spec.from_flat(trial.params), evidence, record.attainable)


def _expected(record: StudyRecord) -> dict[int, Evidence]:
    """Return the score, on each confirmation replicate by index, of the baseline whose expected score is 1."""
    unit = record.attainable.baseline
    results = next((baseline.confirmation for baseline in record.baselines if baseline.name == unit), ())
    scored = [(index, result) for index, result in enumerate(results) if not result.reason]
    return {index: {EXPECTED: score(result.metrics, record.attainable)} for index, result in scored}
