"""Confirmation: refit the best trials on further draws that the search never saw, and diagnose them.

A trial that is plainly worse than the best on the same draws gets no more of them: see vaebench.scoring.race.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vaebench.scoring.race import looks, race
from vaebench.scoring.score import mean_score, score
from vaebench.search.baselines import Sent, send_baselines
from vaebench.search.events import Advanced, ConfirmationStarted, Observer, Step, TrialConfirmed
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Task, Workers, evaluate_spec, evaluate_with_evidence
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Attainable, Diagnosis, Evidence, StudyRecord, TrialRecord
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

    Trials confirmed earlier are brought to the same number of replicates, since rows are compared draw by draw. Those
    that the race eliminates get no more (see vaebench.scoring.race), nor do those that failed on one.
    """
    record = store.record()
    chosen = {trial.number for trial in candidates(record, definition.confirm_top)}
    best = [trial for trial in record.trials if trial.number in chosen or trial.confirmation]
    target = max([definition.confirm_replicates, *(len(trial.confirmation) for trial in best)])
    evidence: dict[int, list[Evidence | None]] = {}
    baselines: Sequence[Sent] | None = None
    while True:
        going = _going_on(best, definition, record.attainable)
        draws = _next([trial for trial in best if trial.number in going], target, definition)
        sent = {
            place: _send(
                trial,
                draws if trial.number in going else 0,
                trial.number not in evidence,
                definition,
                workers,
                len(best),
            )
            for place, trial in enumerate(best)
        }
        if baselines is None:  # behind the first fits: they keep the workers busy at the first look
            baselines = send_baselines(record, definition, workers, "confirm", target) if best else []
        if not (fits := sum(map(len, sent.values()))):
            break
        observer(ConfirmationStarted(sum(map(bool, sent.values())), fits, len(going) * (target - draws)))
        for place, tasks in sent.items():
            best[place], found = _collect(best[place], tasks, store, observer)
            evidence.setdefault(best[place].number, found)
    if baselines:
        observer(Step("scoring the baselines on the same draws", sum(len(sent.tasks) for sent in baselines)))
    for of_baseline in baselines:
        store.set_baseline(of_baseline.collect(observer))
    record = store.record()
    for trial in best:
        if trial.diagnosis is None:
            store.set_diagnosis(trial.number, diagnosis_of(trial, evidence[trial.number], record))


def _going_on(trials: Sequence[TrialRecord], definition: StudyDefinition, attainable: Attainable) -> set[int]:
    """Return the numbers of those of the confirmed `trials` that get further draws."""
    numbers = {trial.number for trial in trials}
    if not definition.races:
        return numbers
    eliminated = race([trial for trial in trials if trial.confirmation], attainable)
    failed = {trial.number for trial in trials if any(result.reason for result in trial.confirmation)}
    return numbers - failed - set(eliminated)


def _next(going: Sequence[TrialRecord], target: int, definition: StudyDefinition) -> int:
    """Return the number of draws that trials get before it is decided again which of them go on: `target` at most."""
    if not definition.races:
        return target
    fewest = min((len(trial.confirmation) for trial in going), default=target)
    return min(target, next(draws for draws in looks() if draws > fewest))


def _send(
    trial: TrialRecord, draws: int, explained: bool, definition: StudyDefinition, workers: Workers, beside: int
) -> dict[int, Task]:
    """Send the fits that `trial` lacks on the first `draws` replicates, and, if `explained`, those of its diagnosis.

    `beside` is the number of trials that are sent.
    """
    explaining = explained and trial.diagnosis is None
    with_evidence = range(min(DRAWS, definition.confirm_replicates) if explaining else 0)
    rest = range(max(len(with_evidence), len(trial.confirmation)), draws)
    tasks: dict[int, Task] = {}
    for evaluate, some in ((evaluate_with_evidence, with_evidence), (evaluate_spec, rest)):
        replicates = [definition.replicate("confirm", index) for index in some]
        spec = Spec.from_flat(trial.params)
        sent = workers.evaluate(evaluate, spec, replicates, definition.trial_minutes, beside)
        tasks |= dict(zip(some, sent, strict=True))
    return tasks


def _collect(
    trial: TrialRecord, tasks: Mapping[int, Task], store: RecordStore, observer: Observer
) -> tuple[TrialRecord, list[Evidence | None]]:
    """Wait for the fits of `trial` and persist the results that it lacked. Return it with them, and the evidence."""
    results, evidence = trial.confirmation, list[Evidence | None]()
    for index, task in tasks.items():
        result, found = task.explained()
        evidence.append(found)
        if index == len(results):
            results = (*results, result)
        observer(Advanced())
    if len(results) == len(trial.confirmation):
        return trial, evidence
    store.set_confirmation(trial.number, results)
    trial = replace(trial, confirmation=results)
    observer(TrialConfirmed(trial))
    return trial, evidence


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
