"""How a CSV is written: what separates its cells, and its encoding."""

import codecs
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from vaebench.errors import InputError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
TRIED = 100
"""Lines that a separator is tried on."""


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written."""

    separator: str = ","
    encoding: str = "utf-8"
    """As Python names it; utf-8-sig has a mark in front."""

    def text(self, content: bytes, where: str) -> str:
        """Return the content of a file as text. Raises InputError if it is of another encoding."""
        try:
            return content.decode(self.encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{where}: not {self.encoding} text (byte {error.start}): save it as CSV UTF-8, or name its encoding, "
                'file = { path = ..., encoding = "latin-1" }'
            ) from None


PLAIN = Dialect()


def dialect_of(content: bytes, declared: Mapping[str, Any], where: str, *, tabs: bool = False) -> Dialect:
    """Return how a CSV is written, from its first lines and from what a study file declares of it.

    `tabs`: its name says that tabs separate its cells. Raises InputError for an encoding or a separator that there is
    not, and where two separators fit.
    """
    encoding = declared.get("encoding") or _encoding(content, where)
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError):
        raise InputError(
            f"{where}: encoding = {encoding!r}: there is no such encoding; utf-8, cp1252 and utf-16 are some"
        ) from None
    text = Dialect(",", encoding).text(content, where)
    if (separator := declared.get("separator", "\t" if tabs else None)) is None:
        return Dialect(_separator(text, where), encoding)
    if separator not in SEPARATORS:
        known = ", ".join(repr(mark) for mark in SEPARATORS)
        raise InputError(f"{where}: separator = {separator!r}: one of {known} is expected")
    return Dialect(separator, encoding)


def _encoding(content: bytes, where: str) -> str:
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InputError(f"{where}: UTF-32 text: save it as CSV UTF-8")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    start = content[:200]
    if b"\0" in start[:100]:  # without a mark: every other byte of Latin letters is 0
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(text: str, where: str) -> str:
    """Return the mark that gives each of the first lines as many cells as the first, and most of them."""
    counts = {}
    for mark in SEPARATORS:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
        try:
            counts[mark] = [len(line) for line in islice(lines, TRIED) if line]
        except csv.Error:
            counts[mark] = []
    several = [mark for mark, cells in counts.items() if cells and cells[0] > 1]
    even = [mark for mark in several if set(counts[mark]) == {counts[mark][0]}]
    most = max((counts[mark][0] for mark in even), default=0)
    even = [mark for mark in even if counts[mark][0] == most]
    if len(even) > 1:
        two = " or ".join(SEPARATORS[mark] for mark in even)
        raise InputError(
            f"{where}: do {two} separate the cells? Say so, file = {{ path = ..., separator = {_toml(even[-1])} }}, say"
        )
    return (even or several or [","])[0]


def _toml(mark: str) -> str:
    return '"\\t"' if mark == "\t" else f'"{mark}"'
