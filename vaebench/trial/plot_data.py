"""A trial beside the data, for plots: its rows, the rows it was fitted to, and the true samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from vaebench.rows import Draw, Kind, Rows
from vaebench.scoring.metrics.one_column import spreads
from vaebench.seeds import generator
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Result, TrialRecord
from vaebench.study.spec import Spec
from vaebench.trial.evaluate import evaluate_fitted
from vaebench.trial.fit import Fitted, FittingError

SAMPLES = 15_000
"""Rows to generate."""


@dataclass(frozen=True)
class Reconstructed:
    """Rows of the data beside their reconstructions, each of shape (rows, columns), in the data's own units."""

    rows: Rows
    reconstructions: Rows
    """decode(z_mean), without decoder noise."""
    units: Rows
    """Each column's spread, shape (columns,): see vaebench.scoring.metrics.one_column.spreads."""
    kinds: Sequence[Kind] = ()

    @property
    def errors(self) -> Rows:
        """The root mean square error of each column, shape (columns,), in units of its spread.

        Of a category, the share of cells that come back as another one. Empty cells of numbers are left out.
        """
        wrong = self.reconstructions - self.rows
        if not self.kinds:
            errors: Rows = np.sqrt(np.mean(wrong**2, axis=0)) / self.units
            return errors
        filled = [column[~np.isnan(column)] for column in wrong.T]
        return np.array(
            [
                np.nan if not len(of) else np.mean(of != 0) if kind == "category" else np.sqrt(np.mean(of**2)) / unit
                for of, kind, unit in zip(filled, self.kinds, self.units, strict=True)
            ]
        )


@dataclass(frozen=True)
class PlotData:
    """A trial fitted to its first search replicate, in the same way as when it was scored."""

    columns: tuple[str, ...]
    generated: Rows
    train: Reconstructed
    test: Reconstructed
    fitted: Fitted
    result: Result
    levels: tuple[tuple[str, ...], ...] = ()
    """What each category's codes stand for, nothing for numbers; empty if there is no category."""

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
        draw, units = fitted.draw, spreads(fitted.draw)
        kinds, data_set = draw.support.kinds, definition.data_set
        train, test = (Reconstructed(part, fitted.reconstruct(part), units, kinds) for part in (draw.train, draw.test))
        return cls(data_set.columns, rows, train, test, fitted, result, data_set.level_names)
