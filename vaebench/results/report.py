"""Report: a study as one self-contained HTML page, with its answer, leaderboard, plots and diagnoses."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from vaebench.results.leaderboard import leaderboard
from vaebench.results.optimism import selected
from vaebench.results.plots.generated_against_true import generated_against_true
from vaebench.results.plots.leaderboard import leaderboard_picture
from vaebench.results.plots.pairs_of_columns import pairs_of_columns
from vaebench.results.plots.reconstructions import reconstructions
from vaebench.results.plots.search_history import search_history
from vaebench.results.plots.searched_and_confirmed import searched_and_confirmed
from vaebench.results.standings import ORDER, REFITTED, Standing, Standings
from vaebench.results.summary import answer, findings, no_finding
from vaebench.results.table import COLUMNS, lines, notes
from vaebench.rows import Kind
from vaebench.scoring.metrics.one_column import ks_of_cells
from vaebench.study.file import shareable
from vaebench.study.records import StudyRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vaebench.trial.plot_data import PlotData

TOP = 20
"""Trials shown on the page. The CSV has all."""
DOTS = 160
"""Dots per inch: sharp on a screen with two dots per pixel."""


def page(standings: Standings, best: int, shown: "PlotData") -> str:
    """Return the HTML of a study's report. It loads nothing. `shown` is the best trial, number `best`."""
    from jinja2 import Environment, StrictUndefined

    record, frame = standings.record, leaderboard(standings)
    trials = [row for row in standings.rows if row.trial]
    confirmed = [row for row in trials if row.status in REFITTED]
    title = f"{record.name}: trial {best}"
    subject = shown.generated, shown.draw.true, shown.draw.train, shown.columns, title, shown.levels
    plots = {
        "generated": generated_against_true(*subject),
        "reconstructions": reconstructions(shown, title),
        "leaderboard": leaderboard_picture(frame, TOP),
        "search": search_history(standings),
    }
    if len(shown.columns) > 1:
        plots["pairs"] = pairs_of_columns(*subject)
    if confirmed:
        plots["selection"] = searched_and_confirmed(standings)
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
        files("vaebench.results").joinpath("report.html").read_text(encoding="utf-8")
    )
    return template.render(
        name=record.name,
        question=record.definition.question,
        facts=_facts(record, trials),
        answer=answer(standings),
        best=best,
        reconstructed=_reconstructed(shown),
        columns=COLUMNS,
        lines=lines(frame, TOP),
        notes=list(notes(frame, TOP)),
        diagnoses=[(row, findings(row.trial)) for row in confirmed if row.trial and row.trial.diagnosis],
        no_finding=no_finding,
        selected=selected(standings),
        pictures={name: _embedded(figure) for name, figure in plots.items()},
        definition=json.dumps(shareable(record.definition), indent=2),
        version=version("vaebench"),
    )


def _facts(record: StudyRecord, trials: Sequence[Standing]) -> str:
    asked = sum(record.definition.targets.values())
    of = f"{len(trials)} of {asked}" if len(trials) < asked else str(len(trials))
    counts = Counter(row.status for row in trials)
    said = [f"{of} trials", *(f"{counts[status]} {status}" for status in ORDER if counts[status])]
    return f"{', '.join(said)}. Columns of the data: {', '.join(record.columns)}."


def _reconstructed(shown: "PlotData") -> str:
    train, test = (float(np.nanmean(part.errors)) for part in (shown.train, shown.test))
    kinds: tuple[Kind, ...] = shown.draw.support.kinds or tuple("number" for _ in shown.columns)
    ks = np.mean([ks_of_cells(*cells) for cells in zip(shown.generated.T, shown.draw.true.T, kinds, strict=True)])
    return (
        f"Training rows come back with an error of {train:.1%} of the spread, test rows with {test:.1%}, and generated "
        f"rows have a KS of {ks:.3f}: good reconstructions make no good generator, since they "
        "start from a row's own code, and a generated row from a drawn one."
    )


def _embedded(figure: "Figure") -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
