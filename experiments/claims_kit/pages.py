"""READMEs, verdicts and pictures from stored results."""

import json
import re
import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from experiments.claims_kit import frame as frames
from experiments.claims_kit.experiment import FOLDER, Experiment, Verdict, experiment, names

BEGIN, END = "<!-- claims: written by python -m experiments.claims_kit pages -->\n", "<!-- end of claims -->\n"
INSTEAD = FOLDER / "instead.py"
ORDER = {kind: place for place, kind in enumerate("QABC")}


def pages() -> Mapping[Path, str]:
    """Return the text of every page that stored results make, by path."""
    texts: dict[Path, str] = {}
    rows: list[tuple[str, Experiment, Verdict]] = []
    for name in names():
        if frames.path_of(name).exists():
            of, results = experiment(name), frames.read(name)
            verdicts = list(of.judge(results))
            assert [verdict.claim for verdict in verdicts] == [claim.id for claim in of.claims]
            rows += [(name, of, verdict) for verdict in verdicts]
            texts[FOLDER / name / "verdicts.json"] = json.dumps([asdict(one) for one in verdicts], indent=1) + "\n"
            texts[FOLDER / name / "README.md"] = readme(name, of, results, verdicts)
    path = FOLDER / "README.md"
    head, _, rest = path.read_text().partition(BEGIN)
    texts[path] = head + BEGIN + instead() + overview(rows) + END + rest.partition(END)[2]
    return texts


def write(name: str | None = None) -> None:
    """Write every page, and the pictures: of one experiment, or of all that have results."""
    for path, text in pages().items():
        path.write_text(text)
    for each in [name] if name else names():
        if frames.path_of(each).exists():
            figure = experiment(each).picture(frames.read(each))
            figure.savefig(FOLDER / each / f"{each}.png", metadata={"Software": None})


def drifted() -> list[Path]:
    """Return the pages that are not what the stored results make of them, and the pictures that are missing."""
    wrong = [path for path, text in pages().items() if not path.exists() or path.read_text() != text]
    pictures = [FOLDER / name / f"{name}.png" for name in names() if frames.path_of(name).exists()]
    return wrong + [path for path in pictures if not path.exists()]


def instead() -> str:
    """Return what to write in place of the Q&A's code, as Markdown."""
    head = "What to write in place of the Q&A's code ([instead.py](instead.py)):"
    return f"{head}\n\n```python\n{INSTEAD.read_text()}```\n\n"


def overview(rows: list[tuple[str, Experiment, Verdict]]) -> str:
    """Return the table of all claims, in the order of their ids."""
    head = ["claim", "", "verdict", "key figure [95 % interval]", "instead", "picture", "short form"]
    cells = []
    for name, of, verdict in sorted(rows, key=lambda row: _place(row[2].claim)):
        (claim,) = [claim for claim in of.claims if claim.id == verdict.claim]
        word, picture = f"[{verdict.word}]({name}/README.md)", f"[{name}]({name}/{name}.png)"
        command = f"`vaebench run experiments/{name}/study.toml`"
        cells.append([claim.id, claim.sentence, word, verdict.figure, claim.instead, picture, command])
    return markdown(pd.DataFrame(cells, columns=head)) + "\n"


def readme(name: str, of: Experiment, results: pd.DataFrame, verdicts: list[Verdict]) -> str:
    """Return the README of an experiment's folder."""
    parts = [f"# {of.title}", _filled(of.about)]
    for claim, verdict in zip(of.claims, verdicts, strict=True):
        parts += [
            f"## {claim.id}: {verdict.word}",
            _filled(f"**Claim.** {claim.sentence}"),
            _filled(f"**Expected.** {claim.expected}"),
            _filled(f"**Measured.** {verdict.figure}. {verdict.found}"),
            _filled(f"**Instead.** {claim.instead}"),
        ]
    failed = int(results["ks"].isna().sum())
    of_draw = results["draw"].value_counts()  # forms may have fewer draws than others; the first is of every cell
    cells, fewest, most = of_draw[0], int((of_draw == of_draw[0]).sum()), len(of_draw)
    draws = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    size = f"{cells:,} cells on {draws} fresh draws of the data; intervals are 95 % over draws"
    parts += [
        f"## Results\n\n{size}. {f'{failed:,} of {len(results):,} failed.' if failed else 'None failed.'}".strip(),
        markdown(of.table(results)),
        f"![{of.caption}]({name}.png)",
        _filled(of.caption),
        "## Again",
        "The short form, into MLflow, and the full form, which goes on where it was ended:",
        f"    vaebench run experiments/{name}/study.toml\n    python -m experiments.claims_kit full {name}",
        _filled(
            f"The full form takes about {of.minutes} minutes on two cores. [results.csv.gz](results.csv.gz) has every "
            "cell and draw; from it this page, the verdicts and the picture are made."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def markdown(table: pd.DataFrame) -> str:
    """Return a table of text as Markdown, without its index."""
    lines = [list(map(str, table.columns)), ["---"] * len(table.columns)]
    lines += [list(map(str, row)) for row in table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False)


def _place(claim: str) -> tuple[int, int, str]:
    (found,) = re.findall(r"^([QABC])(\d+)", claim)
    return ORDER[found[0]], int(found[1]), claim
