"""Columns of dates and times."""

from dataclasses import dataclass

import numpy as np

from vaebench.data_sets.file.kinds import Cells, Used, Values

DAY = 86_400.0
MOST = 290 * 365 * DAY
"""The longest time that a moment can be from the first, and pandas can count in nanoseconds."""
STEPS = (DAY, 3600.0, 60.0, 1.0, 1e-3)
DATES = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y",
    "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y",
    "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d%b%Y",
)  # fmt: skip
TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
ZONED = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ")
FORMATS = (
    *DATES, *TIMES, *ZONED, *(f"{date}{gap}{time}" for date in DATES for gap in (" ", "T", ", ") for time in TIMES)
)  # fmt: skip
"""The formats that are tried, as Python's strftime has them."""
SEEN = 200
"""Different cells that a format must fit before it is tried on all."""


@dataclass(frozen=True, kw_only=True)
class Moment(Used):
    """A column of dates, or times: days or seconds since the first."""

    first: str
    """The earliest, in ISO 8601."""
    last: str
    step: float
    """Seconds that it is counted in: a day for dates."""
    format: str = ""
    """How a CSV writes it, as Python's strftime has it; empty for Parquet."""
    padded: bool = True
    """Whether it writes days, months and hours with two digits."""

    @property
    def text(self) -> bool:
        """Whether its cells are read as they are written."""
        return bool(self.format)

    @property
    def range(self) -> str:
        """Return the earliest and the latest."""
        import pandas as pd

        if self.text and not _has_date(self.format):
            return f"{self.first[11:]} to {self.last[11:]}"
        shown = slice(10 if self.step == DAY else 19)
        ends = f"{pd.Timestamp(self.first).isoformat(' ')[shown]} to {pd.Timestamp(self.last).isoformat(' ')[shown]}"
        return f"{ends}, {self.format}" if self.format else ends

    @property
    def _unit(self) -> float:
        return DAY if self.step == DAY else 1.0

    def encode(self, cells: Cells) -> Values:
        """Return days since the first date, or seconds since the first time."""
        import pandas as pd

        since = (moments(cells, self.format) - pd.Timestamp(self.first)) / pd.Timedelta(1, "s")
        found: Values = since.to_numpy(dtype=np.float64) / self._unit
        return found

    def decode(self, values: Values) -> Cells:
        """Return the moments, rounded to the step that all had."""
        import pandas as pd

        seconds = np.round(values * self._unit / self.step) * self.step
        if self.text and not _has_date(self.format):
            start = pd.Timestamp(self.first)
            passed = (start - start.normalize()).total_seconds()
            seconds = np.clip(seconds, -passed, DAY - max(self.step, 1e-3) - passed)
        first = pd.Timestamp(self.first)
        lowest = max((pd.Timestamp("1678-01-01") - first).total_seconds(), -MOST)
        highest = min((pd.Timestamp("2262-01-01") - first).total_seconds(), MOST)
        whole = np.clip(seconds, lowest, highest)
        since = pd.to_timedelta(pd.Series(np.round(whole * 1e6), name=self.name), unit="us")
        found: Cells = first + since
        if self.dtype == "date":
            return found.dt.date
        if self.text and not _has_date(self.format):
            return self._as_written(found)
        if "," in self.dtype:  # with a time zone
            unit, _, zone = self.dtype.removeprefix("datetime64[").removesuffix("]").partition(", ")
            return found.dt.tz_localize("UTC").dt.tz_convert(zone).dt.as_unit(unit)
        return found.astype(self.dtype)

    def write(self, cells: Cells) -> Cells:
        """Return them as the CSV has them."""
        return self._as_written(cells) if self.text and _has_date(self.format) else cells

    def _as_written(self, found: Cells) -> Cells:
        return written(found, self.format, self.padded)


def moments(cells: Cells, form: str) -> Cells:
    """Return cells as moments without a time zone (that of UTC, where they had one); NaT where one is empty."""
    import pandas as pd

    found: Cells = pd.to_datetime(cells, format=form) if form else pd.to_datetime(cells)
    if found.dt.tz is not None:
        found = found.dt.tz_convert("UTC").dt.tz_localize(None)
    return found.astype("datetime64[ns]")


def written(found: Cells, form: str, padded: bool) -> Cells:
    """Return moments in a format of strftime."""
    text = (found.dt.tz_localize("UTC") if "%z" in form else found).dt.strftime(form)
    if "%f" in form:  # as few decimals of a second as all can do with: none of the formats tried has more than six
        text = text.str.replace(r"(\.\d{3})000(?=Z|$)", r"\1", regex=True)
    return (
        text if padded else text.str.replace(r"(?<![\d.:])0(?=\d(?:\D|$))|(?<=\d[./-])0(?=\d(?:\D|$))", "", regex=True)
    )


def formats_of(cells: Cells) -> list[str]:
    """Return the formats that all cells of a column of text fit, empty ones aside."""
    import pandas as pd

    different = pd.Series(cells.dropna().unique())
    if different.empty or not different.head(SEEN).str.contains(r"\d").all():
        return []
    for part in (different.head(SEEN), different):
        found = [form for form in FORMATS if pd.to_datetime(part, format=form, errors="coerce").notna().all()]
        if not found:
            return []
    return found


def _has_date(form: str) -> bool:
    return "%Y" in form or "%y" in form


def padding(cells: Cells, form: str) -> bool:
    """Return whether the format writes days and months of a column with two digits."""
    some = cells.dropna().head(1000)
    found = moments(some, form)
    return bool((written(found, form, True) == some).all() or not (written(found, form, False) == some).all())


def step_of(found: Cells) -> float:
    """Return the largest step, in seconds, that all moments of a column are on; a microsecond if none is."""
    nanoseconds = found.dropna().astype("int64").to_numpy()
    return next((step for step in STEPS if not (nanoseconds % int(step * 1e9)).any()), 1e-6)
