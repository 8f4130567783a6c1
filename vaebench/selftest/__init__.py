"""The self-test: known answers, measured on this machine by the code that runs studies.

closed_forms  what a linear autoencoder on Gaussian rows generates
linear        trains it and compares it with the closed forms
exact_rows    Gaussian rows without sampling error
referees      generators with a known flaw, which must rank behind Gaussian maximum likelihood
check         an expected value, a measured value, a tolerance
"""

from collections.abc import Callable, Iterator

from vaebench.selftest.check import Check
from vaebench.study.records import Result
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec

Evaluate = Callable[[Spec, Replicate], Result]


def run(evaluate: Evaluate | None = None) -> Iterator[Check]:
    """Yield each check as soon as it is measured. `evaluate` defaults to vaebench's; pass another to test that."""
    from vaebench.selftest import linear, referees
    from vaebench.trial.evaluate import evaluate as engine_evaluate  # loads TensorFlow

    yield from referees.checks()
    for case in linear.cases():
        yield from case.checks(evaluate or engine_evaluate)
