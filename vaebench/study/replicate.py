"""A replicate: one draw of the data plus one seed. Every trial and baseline gets the same draw."""

from dataclasses import dataclass, replace

from vaebench.data_sets import DataSet
from vaebench.rows import ANY_VALUES, Draw, Phase, Support
from vaebench.seeds import derive, generator

DEFAULTS = 6
"""The edition of the defaults that a study begun now has (see vaebench.study.file.earlier)."""


@dataclass(frozen=True)
class Replicate:
    """Replicate `index` of a phase. Its rows depend only on data set, sizes, study seed, phase and index."""

    data_set: DataSet
    rows: int
    test_fraction: float
    generated: int
    true: int
    study_seed: int
    phase: Phase
    index: int
    support: Support = ANY_VALUES
    defaults: int = DEFAULTS
    """The edition of the defaults that baselines have."""

    @property
    def seed(self) -> int:
        """The seed that every random number of this replicate is derived from."""
        return derive("replicate", self.study_seed, self.phase, self.index)

    def draw(self) -> Draw:
        """Draw this replicate's rows: the same at every call."""
        random = generator("data", self.seed)
        draw = self.data_set.draw(
            random, rows=self.rows, test_fraction=self.test_fraction, true=self.true, generated=self.generated
        )
        return replace(draw, support=self.support)
