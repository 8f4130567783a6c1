"""One check: what was expected, what was measured, and how far apart they may be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A known answer beside its measurement."""

    what: str
    expected: float
    tolerance: float
    measured: float = float("nan")
    reason: str | None = None
    """Why nothing was measured."""

    @property
    def ok(self) -> bool:
        """Whether the measurement is within the tolerance; where there is none it is not."""
        return abs(self.measured - self.expected) <= self.tolerance
