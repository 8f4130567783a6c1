"""Measure vaebench against what a user would write instead, in Keras and in PyTorch, and print one table.

    python experiments/throughput/measure.py                    every row, which takes about half an hour
    python experiments/throughput/measure.py --short            the ratio of one trial, in under a minute
    python experiments/throughput/measure.py --rows long scores

Both sides run on this machine, in this run.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import whole
from bench import Bench, Row, table
from overhead import overhead
from scores import scores
from training import VARIANTS, timings


def training(bench: Bench) -> list[Row]:
    """Measure one trial's training against fit, compile and trace included, and against a second fit without."""
    told = []
    for variant, median in timings(bench.repeats, _variants(bench)).items():
        ours = median["vaebench"]
        told.append(
            f"{variant} **{median['fit'] / ours:.1f} x** ({1000 * ours:.0f} ms against {median['fit']:.2f} s; "
            f"{median['again'] / ours:.1f} x against {median['again']:.2f} s of a second fit, traced already)"
        )
    what = "one trial's training, program warm, against `fit` on the same core"
    return [Row(what, "15 x", "25 x", "; ".join(told))]


def arithmetic(bench: Bench) -> list[Row]:
    """Measure the same training against the time of its matrix products alone."""
    told = []
    for variant, median in timings(bench.repeats, _variants(bench)).items():
        billions = median["operations"] / 1e9
        told.append(
            f"{variant} **{median['vaebench'] / median['limit']:.1f} x** ({1000 * median['vaebench']:.0f} ms; limit "
            f"{1000 * median['limit']:.0f} ms: {billions:.2f} G operations at {billions / median['limit']:.0f} G/s)"
        )
    return [Row("training against the arithmetic limit", "within 5 x", "within 3 x", "; ".join(told))]


def _variants(bench: Bench) -> tuple[str, ...]:
    return VARIANTS[:1] if bench.short else VARIANTS


ROWS: dict[str, Callable[[Bench], list[Row]]] = {
    "study": whole.study,
    "torch": whole.torch,
    "training": training,
    "arithmetic": arithmetic,
    "overhead": overhead,
    "workers": whole.workers,
    "long": whole.long,
    "commands": whole.commands,
    "ends": whole.ends,
    "scores": scores,
}
SHORT = ("training", "arithmetic")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure vaebench against the naive harness.")
    parser.add_argument("--short", action="store_true", help="the ratio of one AE trial and the arithmetic limit alone")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), metavar="NAME", help=f"of: {', '.join(ROWS)}")
    parser.add_argument("--naive-trials", type=int, default=12, metavar="N", help="trials of the naive harness (12)")
    parser.add_argument("--trials", type=int, default=200, metavar="N", help="trials of vaebench's study (200)")
    parser.add_argument("--long-trials", type=int, default=3000, metavar="N", help="trials of the long study (3,000)")
    parser.add_argument("--replicates", type=int, default=30, metavar="N", help="replicates of each spec's scores (30)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="turns of vaebench and fit (5)")
    parser.add_argument("--torch", type=Path, metavar="PYTHON", help="that has requirements.txt, for the row torch")
    arguments = parser.parse_args()
    if arguments.long_trials < 300:
        parser.error("--long-trials: at least 300, since trials 100-200 are compared with the last 100")
    names = arguments.rows or (SHORT if arguments.short else list(ROWS))
    if arguments.torch is None and "torch" in names:
        names = [name for name in names if name != "torch"]
        print("(torch: left out without --torch PYTHON)", flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="throughput-") as scratch:
        bench = Bench(
            scratch=Path(scratch),
            naive_trials=arguments.naive_trials,
            study_trials=arguments.trials,
            long_trials=arguments.long_trials,
            replicates=arguments.replicates,
            repeats=1 if arguments.short else arguments.repeats,
            short=arguments.short,
            torch=arguments.torch,
        )
        for name in names:
            clock = time.monotonic()
            rows += ROWS[name](bench)
            print(f"({name}: {time.monotonic() - clock:.0f} s)", flush=True)
    lines = [[row.what, row.reach, row.beyond, row.measured] for row in rows]
    print("\n" + table(["what", "reach", "beyond", "measured"], lines))


if __name__ == "__main__":
    main()
