"""Whole studies and commands, started as a user starts them: rows study, torch, workers, ends, commands and long."""

import json
import os
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]
from bench import Bench, Row
from children import FOLDER, LONG, THROUGHPUT, Study, run, run_study, vaebench
from training import bare_gain

STEADY_FROM = 40
"""The trial from which on a study is in its steady state: everything is compiled by then."""
SAMPLE_SECONDS = 1.0
MIB = 2**20


def study(bench: Bench) -> list[Row]:
    """Measure trials a minute: the naive harness without its start-up, vaebench with all of it."""
    naive = json.loads(run(sys.executable, FOLDER / "naive.py", "--trials", str(bench.naive_trials)).output)
    searching = naive["ended"] - naive["starts"][0]
    each = searching / naive["trials"]
    told = [f"naive {60 / each:.1f} a minute ({each:.2f} s and {_mean(naive['epochs'])} epochs a trial)"]
    for state in ("cold", "warm"):
        ours = bench.study(state, bench.cores)
        ours_each = ours.ran.seconds / len(ours.trials)
        epochs = _mean([trial.results[0].epochs for trial in ours.trials])
        told.append(
            f"compile cache {state}: **{each / ours_each:.1f} x** ({60 / ours_each:.0f} a minute, "
            f"{ours.ran.seconds:.1f} s for {len(ours.trials)} trials, {epochs} epochs a trial)"
        )
    return [Row("whole study of AE against VAE, trials a minute", "30 x warm, 22 x cold", "40 x", "; ".join(told))]


def torch(bench: Bench) -> list[Row]:
    """Measure the whole study, from the command to its end, against as many PyTorch processes as there are cores."""
    assert bench.torch is not None
    command = (bench.torch, FOLDER / "plain_torch.py", "--trials", str(bench.study_trials))
    naive = run(*command, OMP_NUM_THREADS="1")
    found = json.loads(naive.output.splitlines()[-1])
    told = [f"PyTorch {naive.seconds:.1f} s for {found['trials']} trials, {found['epochs']:.0f} epochs a trial"]
    for state in ("cold", "warm"):
        ours = bench.study(state, bench.cores).ran.seconds
        told.append(f"compile cache {state}: **{naive.seconds / ours:.1f} x** ({ours:.1f} s)")
    return [Row("the same study against plain PyTorch, a process a core, wall time", "3 x", "5 x", "; ".join(told))]


def workers(bench: Bench) -> list[Row]:
    """Measure trials a minute in the steady state, from their ends in the record, against what the machine allows."""
    one, two = (_steady_rate(bench.study("warm", count)) for count in (1, 2))
    gain = bare_gain(bench.repeats)
    measured = (
        f"**{two / one / gain:.0%}**: {two / one:.2f} x ({one:.0f} and {two:.0f} trials a minute in the steady state), "
        f"where two processes that only train get through {gain:.2f} x"
    )
    return [Row("2 workers against 1, as a share of what two training processes gain", "92 %", "97 %", measured)]


def ends(bench: Bench) -> list[Row]:
    """Measure from the start of the command to the end of trial 0, and from the end of the last trial to the prompt.

    The first run compiles what the others find.
    """
    begun, ended = [], []
    for _ in range(4):
        ran = run_study(THROUGHPUT, bench.scratch / "ends", "--trials", "12")
        begun.append(ran.trials[0].ended - ran.ran.started)
        ended.append(ran.ran.ended - ran.ended[-1])
    told = f"**{statistics.median(begun[1:]):.1f} s** (compile cache empty: {begun[0]:.1f} s)"
    return [
        Row("from `vaebench run` to the end of trial 0, compile cache warm", "6 s", "4 s", told),
        Row("from the last trial to the prompt", "3 s", "1 s", f"**{statistics.median(ended[1:]):.1f} s**"),
    ]


def commands(bench: Bench) -> list[Row]:
    """Measure the commands that only look; medians of five."""
    looks, checks = (
        statistics.median(run(*vaebench(*arguments)).seconds for _ in range(5))
        for arguments in (("--help",), ("check", THROUGHPUT))
    )
    measured = f"**{looks:.2f} s, {checks:.2f} s**"
    return [Row("`vaebench --help`, `vaebench check`", "0.5 s, 1 s", "0.3 s, 0.6 s", measured)]


def long(bench: Bench) -> list[Row]:
    """Measure the last 100 trials of a long study against trials 100-200, and a worker's memory at both ends."""
    with Memory() as memory:
        ran = run_study(LONG, bench.scratch / "long", "--trials", str(bench.long_trials))
    ended, last = ran.ended, bench.long_trials
    early, late = ended[200] - ended[100], ended[last - 1] - ended[last - 101]
    cost = f"**{late / early:.2f} x** ({late:.1f} s against {early:.1f} s; the whole study {ran.ran.seconds:.0f} s)"
    then, now = memory.at(ended[100]), memory.at(ended[last - 1])
    held = (
        f"**{now[0]:.0f} MB** at trial {last}, {then[0]:.0f} MB at trial 100 (the largest worker, resident; "
        f"without what it shares with other processes {now[1]:.0f} MB and {then[1]:.0f} MB)"
    )
    return [
        Row(f"cost of trials {last - 100}-{last} against trials 100-200", "1.1 x", "", cost),
        Row(f"memory of a worker, flat from trial 100 to trial {last}", "800 MB", "600 MB", held),
    ]


@dataclass
class Memory:
    """Samples, while it is a context, the memory of the largest worker process below this one."""

    samples: list[tuple[float, tuple[float, float]]] = field(default_factory=list)
    """Seconds since 1970, and what is resident and what of it is no other process's, in MB."""
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Memory":
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def at(self, moment: float) -> tuple[float, float]:
        """Return the sample nearest to `moment`: resident and own, in MB."""
        return min(self.samples, key=lambda sample: abs(sample[0] - moment))[1]

    def _sample(self) -> None:
        me = psutil.Process(os.getpid())
        while not self._over.wait(SAMPLE_SECONDS):
            sizes = [(0.0, 0.0)]
            for process in me.children(recursive=True):
                try:
                    if "forkserver" in " ".join(process.cmdline()):  # the workers, and what they are forked from
                        memory = process.memory_full_info()
                        sizes.append((memory.rss / MIB, memory.uss / MIB))
                except psutil.Error:  # it ended meanwhile
                    continue
            self.samples.append((time.time(), max(sizes)))


def _steady_rate(ran: Study) -> float:
    """Return trials a minute from trial STEADY_FROM on."""
    ended = ran.ended
    start = min(STEADY_FROM, len(ended) // 2)
    return 60 * (len(ended) - 1 - start) / (ended[-1] - ended[start])


def _mean(values: list[int]) -> str:
    return f"{statistics.mean(values):.0f}"
