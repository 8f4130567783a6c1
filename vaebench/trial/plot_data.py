"""A trial beside the data, for plots: its rows, the rows it was fitted to, and the true samples."""

from dataclasses import dataclass
from typing import Self

from vaebench.rows import Draw, Rows
from vaebench.seeds import generator
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result, TrialRecord
from vaebench.study.spec import Spec
from vaebench.trial.evaluate import evaluate_fitted
from vaebench.trial.fit import Fitted, FittingError

SAMPLES = 15_000
"""Rows to generate."""


@dataclass(frozen=True)
class PlotData:
    """A trial fitted to its first search replicate, in the same way as when it was scored."""

    columns: tuple[str, ...]
    generated: Rows
    fitted: Fitted
    result: Result

    @property
    def draw(self) -> Draw:
        """The rows it was fitted to, and the true samples."""
        return self.fitted.draw

    @classmethod
    def of_trial(cls, trial: TrialRecord, definition: StudyDefinition) -> Self:
        """Fit the trial and generate rows. Raises FittingError if that fails."""
        spec = Spec.from_flat(trial.params)
        result, fitted = evaluate_fitted(spec, definition.replicate("search", 0))
        if fitted is None:
            raise FittingError(result.reason)
        rows = fitted.generate(SAMPLES, generator("shown", spec.seed))
        return cls(definition.data_set.columns, rows, fitted, result)
