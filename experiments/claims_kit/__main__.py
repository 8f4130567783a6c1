"""The commands of the experiments on claims: full, short, pages."""

import argparse
import sys
from pathlib import Path

from experiments.claims_kit import frame, pages
from experiments.claims_kit.cells import cells_of
from experiments.claims_kit.experiment import FOLDER, names
from experiments.claims_kit.measure import measure_missing, stored
from experiments.claims_kit.short import run_short


def full(name: str, home: Path, workers: int) -> None:
    """Measure the full form of an experiment, or what is missing of it; store the results, write its pages."""
    cells, path = cells_of(name), home / f"{name}.jsonl"
    measure_missing(name, cells, path, workers)
    frame.write(name, frame.of_cells(cells, stored(path)))
    pages.write(name)


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(prog="python -m experiments.claims_kit", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, home, what in (
        ("full", "runs/claims", "measure the full form, judge it, write the folder's pages"),
        ("short", "runs/experiments", "run the short forms through vaebench"),
    ):
        of = commands.add_parser(command, help=what)
        of.add_argument("names", nargs="*" if command == "short" else "+", metavar="NAME")
        of.add_argument("--home", type=Path, default=Path(home), help="what is there is not run again")
        of.add_argument("--workers", type=int, default=2)
    of = commands.add_parser("pages", help="write every page from stored results")
    of.add_argument("--check", action="store_true", help="write nothing; fail where a page has drifted")
    options = parser.parse_args()
    for name in vars(options).get("names", ()):
        if name not in names():
            parser.error(f"there is no experiment {name!r}; there are {', '.join(names())}")
    if options.command == "full":
        for name in options.names:
            full(name, options.home, options.workers)
    elif options.command == "short":
        run_short(options.names or names(), options.home, options.workers)
    elif not options.check:
        pages.write()
    elif wrong := pages.drifted():
        sys.exit("\n".join(f"{path.relative_to(FOLDER.parent)} is not what its results say" for path in wrong))


if __name__ == "__main__":
    main()
