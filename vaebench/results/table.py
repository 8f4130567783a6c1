"""The leaderboard as the terminal and the report show it: the best rows, a few columns, rounded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from vaebench.results.export import is_empty
from vaebench.scoring.baseline_scores import copies

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text


class Column(NamedTuple):
    """The layout of a column."""

    header: str
    width: int
    """Largest width in characters. All columns, with blanks between, add up to WIDTH."""
    number: bool


COLUMNS = (
    Column("#", 4, True), Column("variant", 11, False), Column("trial", 5, True), Column("loss", 12, False),
    Column("latent", 8, False), Column("dim", 3, True), Column("score [95 %]", 17, True), Column("ks", 6, True),
    Column("mean err", 8, True), Column("std err", 7, True), Column("search", 6, True), Column("", 2, False),
)  # fmt: skip
WIDTH = 100
"""Characters that a whole table takes at most."""
NAMES = 1
"""The place of the names, which may be wider where other columns are narrower."""
USUAL = "mlp"
"""The network that is not named beside the variant."""
FAR_OFF = "!"
"""What stands behind an error that is far off what is attainable (see vaebench.results.leaderboard)."""
HEADINGS = {
    "eliminated": "not comparable: on the first {draws} draws alone, plainly worse there than the best",
    "searched": "not comparable: searched, on other draws, and partly luck",
    "pruned": "not comparable: pruned, on fewer draws",
}
"""What stands above the rows of a status, where others come before them, of eliminated ones by draws."""


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    kind: Literal["trial", "baseline", "floor"]
    heading: str
    """What stands above its like; empty for confirmed rows, which come first."""
    cells: tuple[str, ...]
    """One per column. The last one has marks: "=" cannot be told from the best, "P" on the Pareto front, "c" copies."""


def lines(frame: "pd.DataFrame", top: int, intervals: bool = True) -> list[Line]:
    """Return the lines of a leaderboard's `top` trials, baselines and noise floor in place, without failed rows."""
    several = int(frame["pareto_front"].sum()) > 1
    return [
        Line(row["kind"], _heading(row), _cells(row, several, intervals))
        for row in _shown(frame, top).to_dict(orient="records")
    ]


def notes(frame: "pd.DataFrame", top: int) -> Iterator[str]:
    """Yield the lines below the table."""
    trials, shown = frame[frame["kind"] == "trial"], _shown(frame, top)
    failed = frame[frame["status"] == "failed"]
    if trials.empty:
        yield "no trial yet"
    if len(shown) and shown["status"].iloc[0] == "searched":
        yield "not confirmed: the scores are of the search, and partly luck"
    if any(FAR_OFF in cell for line in lines(frame, top) for cell in line.cells):
        yield f"{FAR_OFF} more than 3 times what is attainable"
    if (frame["tied_with_best"].fillna(False) & frame["rank"].ne(1)).any():
        yield f"= a paired test cannot tell it from trial {frame.loc[frame['rank'] == 1, 'trial'].iloc[0]}"
    if int(frame["pareto_front"].sum()) > 1:
        yield "P Pareto front"
    if any(copies(name) for name in shown.loc[shown["kind"] == "baseline", "variant"]):
        yield "c its rows are training rows, or blends of near ones"
    if more := int(trials["rank"].notna().sum() - shown["rank"].notna().sum()):
        yield f"{more} more trials (leaderboard --top N shows N)"
    if count := _repeats(trials):
        yield f"repeating another's configuration with other seeds: {count} of the trials; the best of them is luck"
    if count := int((failed["kind"] == "trial").sum()):
        yield f"{count} failed: {_first_line(failed[failed['kind'] == 'trial']['reason'].iloc[0])}"
    for name, reason in failed[failed["kind"] != "trial"][["variant", "reason"]].to_numpy():
        yield f"{name} failed: {_first_line(reason)}"


def table(frame: "pd.DataFrame", top: int, width: int = 100) -> "Group":
    """Return a leaderboard's `top` trials as a table for a terminal `width` characters wide, confirmed ones first.

    Rows that cannot be compared with these stand below a heading. Baselines and the noise floor are shown dim. "search"
    is the score in the search. Below 100 characters, that column and the score's interval are left out.
    """
    from rich.console import Group

    wide = width >= WIDTH
    places = [place for place, column in enumerate(COLUMNS) if wide or column.header != "search"]
    shown = lines(frame, top, intervals=wide)
    parts: list[Table | Text] = [_rows(places, shown, (), wide)]
    for heading, group in groupby(shown, key=lambda line: line.heading):
        if len(parts) > 1:
            parts += [_plain(""), _plain(heading)]
        parts.append(_rows(places, shown, tuple(group), wide))
    return Group(*parts, _plain("\n".join(notes(frame, top))))


def _rows(places: Sequence[int], every: Sequence[Line], some: Sequence[Line], wide: bool) -> "Table":
    """Return `some` lines, or the header if there are none, as a table with the columns' widths for `every` line."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table

    result = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, show_header=not some)
    headers = {place: COLUMNS[place].header.removesuffix("" if wide else " [95 %]") for place in places}
    needed = {
        place: max(cell_len(text) for text in (headers[place], *(line.cells[place] for line in every)))
        for place in places
    }
    widths = {place: min(COLUMNS[place].width, needed[place]) for place in places}
    if wide:
        widths[NAMES] = min(needed[NAMES], widths[NAMES] + WIDTH - sum(widths.values()) - len(widths) + 1)
    for place in places:
        column, header, width = COLUMNS[place], headers[place], widths[place]
        justify: Literal["left", "right"] = "right" if column.number else "left"
        result.add_column(header, justify=justify, width=width, no_wrap=True, overflow="ellipsis")
    for line in some:
        result.add_row(*(_plain(line.cells[place]) for place in places), style="dim" if line.kind != "trial" else None)
    return result


def _repeats(trials: "pd.DataFrame") -> int:
    """Return how many trials have the configuration of an earlier one. Searches of before tried some again."""
    if "param.seed" not in trials:
        return 0
    same = [name for name in trials if name == "arm" or (str(name).startswith("param.") and name != "param.seed")]
    return int(trials.duplicated(same).sum())


def _heading(row: Mapping[Any, Any]) -> str:
    return HEADINGS.get(row["status"], "").format(draws=row["replicates"])


def _shown(frame: "pd.DataFrame", top: int) -> "pd.DataFrame":
    return frame[(frame["status"] != "failed") & ~(frame["rank"] > top).fillna(False)]


def _cells(row: Mapping[Any, Any], several: bool, intervals: bool) -> tuple[str, ...]:
    score = _short(row["score"])
    if intervals and not is_empty(row["score_low"]):
        score += f" [{_short(row['score_low'])}, {_short(row['score_high'])}]"
    name = "noise floor" if row["kind"] == "floor" else row["variant"]
    if (network := row.get("param.network")) not in (None, USUAL) and not is_empty(network):
        name = f"{name} {network}"
    far = [] if is_empty(row["far_off"]) else [of.split()[0] for of in row["far_off"].split(", ")]
    named = (row["rank"], name, *(row[column] for column in ("trial", "loss", "latent_sampler", "latent_dim")))
    searched = row["metric.search_score"]
    marks = ("=" if row["tied_with_best"] is True and row["rank"] != 1 else " ") + (
        "P"
        if several and row["pareto_front"] is True
        else "c"
        if row["kind"] == "baseline" and copies(row["variant"])
        else ""
    )
    return (
        *("" if is_empty(cell) else str(cell) for cell in named),
        score,
        f"{row['ks']:.3f}{FAR_OFF}" if "ks" in far else f"{row['ks']:.4f}",
        *(
            ""
            if is_empty(row[name])  # of categories
            else f"{row[name]:#.2g}".rstrip(".") + FAR_OFF
            if name in far
            else f"{row[name]:#.3g}".rstrip(".")
            for name in ("mean_error", "std_error")
        ),
        "" if is_empty(searched) else _short(searched),
        marks,
    )


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _first_line(reason: str) -> str:
    return next(iter(reason.splitlines()), "")[:200]


def _plain(text: str) -> "Text":
    """Return text in which rich does not interpret markup."""
    from rich.text import Text

    return Text(text)
