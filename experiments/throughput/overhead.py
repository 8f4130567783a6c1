"""Where a study's time goes: a whole study with clocks in its coordinator and its workers.

As a script (`overhead.py HOME TRIALS`) it is the process that runs the study.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from bench import Bench, Row, table
from children import FOLDER, THROUGHPUT, answer, run, run_study
from clocks import PREFIX, SECONDS, clock, evaluate_clocked

from vaebench.search.store import RecordStore
from vaebench.study.records import TrialRecord

WARMING = 8
"""Trials of the study that fills the compile cache."""


def overhead(bench: Bench) -> list[Row]:
    """Measure asking, telling, scoring, persisting and logging in a study's wall time; print where all of it goes."""
    cache = bench.scratch / "overhead"
    run_study(THROUGHPUT, cache, "--trials", str(WARMING))
    with tempfile.TemporaryDirectory(prefix="throughput-") as home:
        command = (sys.executable, FOLDER / "overhead.py", home, str(bench.study_trials))
        ran = run(*command, XDG_CACHE_HOME=str(cache))
        trials = RecordStore.open(Path(home), THROUGHPUT.stem).record().trials
    measured = json.loads(ran.output)
    coordinator = _coordinator(measured, ran.started, ran.seconds)
    worker = _worker(trials, bench.cores, measured["search"], measured["searching"] - ran.started, ran.seconds)
    lines = [
        [name, f"{seconds:.2f}", f"{100 * seconds / ran.seconds:.1f} %"]
        for title, parts in (("**coordinator**", coordinator), ("**a worker, on average**", worker))
        for name, seconds in {title: sum(parts.values()), **parts}.items()
    ]
    lines.append(["**MLflow's process, CPU time beside all this**", f"{measured['mlflow']:.2f}", ""])
    print(f"Where a study's time goes ({len(trials)} trials, {bench.cores} workers, compile cache warm)\n")
    print(table(["what", "seconds", "of the wall time"], lines) + "\n", flush=True)
    shares = {
        "asking": coordinator["ask"],
        "telling": coordinator["tell"],
        "scoring": worker["score"],
        "persisting": coordinator["persist"],
        # its process takes that much from all cores, as the workers' scoring does, or is waited for
        "logging": max(measured["mlflow"] / bench.cores, measured["flush"]) + measured["finish"] - measured["flush"],
    }
    told = ", ".join(f"{name} {100 * seconds / ran.seconds:.1f}" for name, seconds in shares.items())
    share = f"**{100 * sum(shares.values()) / ran.seconds:.1f} %** ({told})"
    return [
        Row("asking, telling, scoring, persisting, logging in a study's wall time", "under 15 %", "under 8 %", share)
    ]


def _coordinator(measured: dict[str, float], started: float, wall: float) -> dict[str, float]:
    """Return what the coordinator's main thread did, one after another."""
    before = measured["searching"] - started
    known = {
        "start-up: imports, what is attainable, workers": before,
        "ask": measured["ask"] - measured["tell"],
        "tell": measured["tell"],
        "persist": measured["persist"],
        "waiting for trials": measured["wait"],
    }
    inside = measured["ask"] + measured["persist"] + measured["wait"]
    known["rest of the search: sending, progress"] = measured["search"] - inside
    known["waiting for MLflow's process"] = measured["flush"]
    known["last step: runs, plots, models"] = measured["finish"] - measured["flush"]
    known["confirmation, ending workers, exit"] = wall - sum(known.values())
    return known


def _worker(
    trials: tuple[TrialRecord, ...], workers: int, search: float, before: float, wall: float
) -> dict[str, float]:
    """Return what a worker did, on average. A trial compiled where an epoch took three times the median or more."""
    results = [result for trial in trials for result in trial.results if PREFIX + "train" in result.metrics]

    def total(name: str) -> float:
        return sum((result.metrics.get(PREFIX + name, 0.0) for result in results), 0.0) / workers

    rates = [(result.metrics[PREFIX + "train"] / result.epochs, result.epochs) for result in results]
    usual = statistics.median(rate for rate, _ in rates)
    compiling = sum((rate - usual) * epochs for rate, epochs in rates if rate > 3 * usual) / workers
    busy = sum(result.seconds for trial in trials for result in trial.results) / workers
    parts = {
        "before the search": before,
        "trace and compile": compiling,
        "train": total("train") - compiling,
        "data": total("data"),
        "codes, latent sampler, residuals": total("fit") - total("train") - total("data"),
        "decode": total("decode"),
        "score": total("score"),
    }
    parts["rest of an evaluation"] = busy - sum(parts.values()) + before
    parts["idle in the search"] = search - busy
    parts["after the search"] = wall - before - search
    return parts


def _run_clocked(home: str, trials: int) -> dict[str, Any]:
    """Run the study with clocks; return what they show."""
    from vaebench.api import running
    from vaebench.search import loop
    from vaebench.search.asking import Asker
    from vaebench.search.tasks import Workers, evaluate_spec
    from vaebench.tracking.live import LiveWriter
    from vaebench.tracking.writer_process import WriterProcess

    clock(Asker, "ask", "ask")
    clock(Asker, "_tell", "tell")  # within ask
    clock(RecordStore, "add", "persist")
    clock(loop._Judging, "judged", "wait")
    clock(LiveWriter, "finish", "flush")  # within the last step
    leave = WriterProcess.__exit__

    def leave_clocked(writer: WriterProcess, *arguments: Any) -> None:
        used = psutil.Process(writer._process.pid).cpu_times()
        SECONDS["mlflow"] = used.user + used.system
        leave(writer, *arguments)

    WriterProcess.__exit__ = leave_clocked  # type: ignore[method-assign]
    clock(loop, "search", "search")
    clock(running, "_finish", "finish")
    clocked = loop.search
    begun = []

    def noted(*arguments: Any, **more: Any) -> Any:
        begun.append(time.time())
        return clocked(*arguments, **more)

    loop.search = noted
    send = Workers.evaluate

    def send_clocked(workers: Workers, function: Any, *arguments: Any) -> Any:
        return send(workers, evaluate_clocked if function is evaluate_spec else function, *arguments)

    Workers.evaluate = send_clocked  # type: ignore[assignment,method-assign]
    running.run(THROUGHPUT, home=home, trials=trials)
    return {**SECONDS, "searching": begun[0]}


if __name__ == "__main__":
    answer(_run_clocked(sys.argv[1], int(sys.argv[2])))
