"""One check: an expected value, a measured value, and the tolerance between them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A known answer and its measurement."""

    what: str
    expected: float
    tolerance: float
    measured: float = float("nan")
    reason: str | None = None
    """Why nothing was measured."""

    @property
    def ok(self) -> bool:
        """Whether the measurement is within the tolerance; False if there is none."""
        return abs(self.measured - self.expected) <= self.tolerance
