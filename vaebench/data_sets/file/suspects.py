"""Columns of a file that can be used and should perhaps not be."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from vaebench.data_sets.file.columns import majority
from vaebench.data_sets.file.dialect import Dialect
from vaebench.data_sets.file.reading import ending, read_content, written_cells
from vaebench.rows import Rows

FEWEST_ROWS = 10
"""In fewer rows, numbers that increase by 1 are no row numbers yet."""
SPLITS = 0.01
"""Share of the splits from which on it is worth a word that they leave a column constant."""
CODE, POINTED, WHOLE = (re.compile(text) for text in (r"0\d+", r"[-+]?[1-9]\d{0,2}\.\d{3}", r"[-+]?\d{1,3}"))
Suspect = tuple[str, tuple[str, ...]]
"""What looks wrong in brief, then what follows from it and what to do."""


def suspects(
    path: Path, dialect: Dialect, columns: Sequence[str], rows: Rows, numbers: Sequence[str], true: int
) -> Iterator[Suspect]:
    """Yield every suspicion about `columns` of the file at `path`, whose rows have the shape (rows, columns).

    Only those in `numbers` are looked at. `true` is the number of true samples of a split.
    """
    for name, cells in zip(columns, rows.T, strict=True):
        if name not in numbers:
            continue
        values = cells[~np.isnan(cells)]
        others = json.dumps([other for other in columns if other != name], ensure_ascii=False)
        leave_out = f"columns = {others} leaves it out." if len(columns) > 1 else "It cannot be left out."
        if len(values) >= FEWEST_ROWS and (values == np.round(values)).all() and len(np.unique(values)) == len(values):
            low, high = values.min(), values.max()
            if high - low == len(values) - 1:
                yield (
                    f"column {name!r} numbers the rows ({low:.0f} to {high:.0f})",
                    ("Such a number measures nothing. " + leave_out,),
                )
            elif (np.diff(values) > 0).all():
                yield (
                    f"column {name!r} increases from row to row: an identifier, or a time?",
                    ("Rows are taken as draws without an order. " + leave_out,),
                )
        most, count = majority(values)
        lost = _none_among(true, len(values), len(values) - count)
        if lost >= SPLITS and count > len(values) / 2:
            yield (
                f"column {name!r} is {most:g} in {count} of {len(values)} rows; "
                f"{lost:.0%} of splits have nothing else to compare with",
                (
                    "Its errors there count in units of all rows. A larger test_fraction makes such splits rarer.",
                    f"Networks come near to {most:g} and hardly ever draw it; scaling quantile keeps its share.",
                ),
            )
    if ending(path) != ".parquet":
        yield from _written(written_cells(read_content(path, str(path)), dialect), numbers)


def _none_among(drawn: int, rows: int, others: int) -> float:
    """Return the chance that none of `others` of the rows is among `drawn` of them (hypergeometric)."""
    if others > rows - drawn:
        return 0.0
    chances = (math.lgamma(n + 1) for n in (rows - others, rows - drawn, rows, rows - others - drawn))
    a, b, c, d = chances
    return math.exp(a + b - c - d)


def _written(first: Mapping[str, Sequence[str]], columns: Sequence[str]) -> Iterator[Suspect]:
    """Yield the suspicions that numbers as written raise: codes with leading zeros, points between thousands."""
    for name in columns:
        cells = first[name]
        codes = [cell for cell in cells if CODE.fullmatch(cell)]
        if codes:
            yield (
                f"column {name!r} has codes such as {codes[0]!r}, which are read as numbers",
                ("Codes have no distances. Leave the column out, or write the numbers without the zeros in front.",),
            )
        pointed = [cell for cell in cells if POINTED.fullmatch(cell)]
        whole = [cell for cell in cells if WHOLE.fullmatch(cell)]
        if pointed and whole and len(pointed) + len(whole) == len(cells):
            plain = pointed[0].replace(".", "")
            yield (
                f"column {name!r} has whole numbers, and others such as {pointed[0]}: does that mean {plain}?",
                (f'Then say so in the study file: [data.columns] {json.dumps(name)} = {{ thousands = "." }}.',),
            )
