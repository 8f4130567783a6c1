"""Confirmation: refit the best trials on further draws that the search never saw, and diagnose them."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

from vaebench.errors import PASSING
from vaebench.scoring.score import mean_score, score
from vaebench.search.baselines import send_baselines
from vaebench.search.events import Advanced, ConfirmationStarted, Observer, Step, TrialConfirmed
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Workers, evaluate_spec, result_of
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Diagnosis, Evidence, StudyRecord, TrialRecord
from vaebench.study.replicate import Replicate
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
    missing = [trial for trial in best if len(trial.confirmation) < target]
    tasks = [
        workers.evaluate(
            evaluate_spec,
            Spec.from_flat(trial.params),
            [definition.replicate("confirm", index) for index in range(len(trial.confirmation), target)],
            definition.trial_minutes,
        )
        for trial in missing
    ]
    undiagnosed = [trial for trial in best if trial.diagnosis is None]
    evidence = [send_for_evidence(trial, definition, workers) for trial in undiagnosed]
    baselines = send_baselines(record, definition, workers, "confirm", target) if best else []
    if fits := sum(map(len, tasks)) + sum(map(len, evidence)):
        observer(ConfirmationStarted(len(missing), fits))
    for trial, sent_tasks in zip(missing, tasks, strict=True):
        results = trial.confirmation
        for task in sent_tasks:
            results = (*results, task.result())
            observer(Advanced())
        store.set_confirmation(trial.number, results)
        observer(TrialConfirmed(replace(trial, confirmation=results)))
    gathered = [[_evidence_of(future, observer) for future in futures] for futures in evidence]
    if baselines:
        observer(Step("scoring the baselines on the same draws", sum(len(sent.tasks) for sent in baselines)))
    for sent in baselines:
        store.set_baseline(sent.collect(observer))
    record = store.record()
    for trial, found in zip(undiagnosed, gathered, strict=True):
        store.set_diagnosis(trial.number, diagnosis_of(trial, found, record))


def send_for_evidence(
    trial: TrialRecord, definition: StudyDefinition, workers: Workers
) -> list["Future[Evidence | None]"]:
    """Send the tasks that gather the evidence for the diagnosis of `trial`, on the first confirmation replicates."""
    draws = [definition.replicate("confirm", index) for index in range(min(DRAWS, definition.confirm_replicates))]
    return [workers.submit(evidence_on, Spec.from_flat(trial.params), replicate) for replicate in draws]


def evidence_on(spec: Spec, replicate: Replicate) -> Evidence | None:
    """Gather the evidence on one replicate; None if the fit breaks down there, which its confirmation reports."""
    from vaebench.trial.evidence import gather_evidence
    from vaebench.trial.fit import FittingError

    try:
        return gather_evidence(spec, replicate)
    except (FittingError, ValueError):
        return None


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


def _evidence_of(future: "Future[Evidence | None]", observer: Observer) -> Evidence | None:
    try:
        return result_of(future)
    except PASSING:
        raise
    except Exception:  # its workers died, for example: the other draws are enough
        return None
    finally:
        observer(Advanced())
