"""Diagnosing: why each confirmed trial is off, from evidence that the workers gather on confirmation replicates."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from vaebench.scoring.score import score
from vaebench.search.store import RecordStore
from vaebench.search.tasks import Workers, result_of
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Diagnosis, Evidence, StudyRecord, TrialRecord
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.trial.diagnosis import EXPECTED, diagnose

DRAWS = 10
"""Confirmation replicates that evidence is gathered on; 5 miss what explains 0.4 of a score (measured)."""


def send_for_diagnosis(
    store: RecordStore, definition: StudyDefinition, workers: Workers, trials: Sequence[TrialRecord]
) -> Callable[[], None]:
    """Let the workers gather evidence of trials without a diagnosis; what is returned waits, judges and persists."""
    draws = [definition.replicate("confirm", index) for index in range(min(DRAWS, definition.confirm_replicates))]
    specs = {trial.number: Spec.from_flat(trial.params) for trial in trials if trial.diagnosis is None}
    sent = {
        number: [workers.submit(evidence_on, spec, replicate) for replicate in draws] for number, spec in specs.items()
    }

    def collect() -> None:
        record = store.record()
        attainable, expected = record.attainable, _expected(record)
        for number, futures in sent.items():
            evidence = [
                {**found, **expected.get(index, {})}
                for index, future in enumerate(futures)
                if (found := _result(future)) is not None
            ]
            nothing = Diagnosis((), {})  # it breaks down on all of them, as its confirmation tells
            store.set_diagnosis(number, diagnose(specs[number], evidence, attainable) if evidence else nothing)

    return collect


def _expected(record: StudyRecord) -> dict[int, Evidence]:
    """Return what the baseline that the score is in units of has on each confirmation replicate, by its index."""
    unit = record.attainable_by.partition(",")[0]
    results = next((one.confirmation for one in record.references if one.name == unit), ())
    scored = [(index, result) for index, result in enumerate(results) if not result.reason]
    return {index: {EXPECTED: score(result.metrics, record.attainable)} for index, result in scored}


def _result(future: "Future[Evidence | None]") -> Evidence | None:
    try:
        return result_of(future)
    except ConnectionError:
        raise
    except Exception:  # its workers died, say: there are other draws
        return None


def evidence_on(spec: Spec, replicate: Replicate) -> Evidence | None:
    """Gather the evidence on one replicate; None where the trial breaks down on it, which its confirmation tells."""
    from vaebench.trial.evidence import gather_evidence
    from vaebench.trial.fit import FittingError

    try:
        return gather_evidence(spec, replicate)
    except (FittingError, ValueError):
        return None
