"""Run a study on a cluster of many slots whose evaluations cost nothing, or as long as a fit takes but no processor.

The scheduler, its messages, the search, the record and MLflow are the real ones. Prints what bounds it: trials a
second, and the processor time and memory of each process.
"""

import argparse
import os
import pickle
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import grow  # noqa: E402
import plausible  # noqa: E402

import vaebench  # noqa: E402
from vaebench.search.events import Event, SearchStarted, TrialFinished  # noqa: E402
from vaebench.study.file import load  # noqa: E402
from vaebench.study.space import RandomTrial  # noqa: E402
from vaebench.study.spec import Spec  # noqa: E402

SETTINGS = ("sampler", "batch", "trials", "replicates")


class Meter:
    """Measures the search: when trials ended, and what each process spent from its first trial to its last."""

    def __init__(self, processes: dict[str, list[psutil.Process]]) -> None:
        self._processes = {"coordinator": [psutil.Process()], **processes}
        self._ended: list[float] = []
        self._spent: list[dict[str, float]] = []

    def __call__(self, event: Event) -> None:
        """Take the time at the search's start and at each trial's end."""
        match event:
            case SearchStarted():
                self._spent.append(self._now())
            case TrialFinished():
                self._ended.append(time.monotonic())
                if len(self._ended) % 500 == 0:
                    self._spent.append(self._now())
                    recent = self._ended[-500:]
                    memory = {
                        name: sum(one.memory_info().rss for one in some) // 2**20
                        for name, some in self._processes.items()
                    }
                    print(
                        f"{len(self._ended)} trials, {499 / (recent[-1] - recent[0]):.0f} a second; MB: {memory}",
                        flush=True,
                    )

    def report(self, trials: int) -> None:
        """Print the rate of the whole search, and what a trial cost each process."""
        seconds = self._ended[-1] - self._ended[0]
        spent = {name: 1000 * (self._spent[-1][name] - self._spent[0][name]) / trials for name in self._processes}
        print(
            f"{(trials - 1) / seconds:.0f} trials a second; CPU, ms a trial:",
            {name: round(ms, 2) for name, ms in spent.items()},
        )

    def _now(self) -> dict[str, float]:
        return {name: sum(sum(one.cpu_times()[:2]) for one in some) for name, some in self._processes.items()}


@contextmanager
def cluster(slots: int, processes: int, scratch: Path) -> Iterator[tuple[str, dict[str, list[psutil.Process]]]]:
    """Start a scheduler and workers with `slots` threads in all; yield its file, and the processes by what they are."""
    file = scratch / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    dask = [sys.executable, "-m", "dask"]
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    where = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file), "--no-dashboard"]
    scheduler = subprocess.Popen([*dask, "scheduler", *where], **quiet)  # type: ignore[call-overload]
    of_a_worker = [
        "--nthreads",
        str(slots // processes),
        "--no-nanny",
        "--preload",
        "plausible",
        "--no-dashboard",
        "--memory-limit",
        "0",
    ]
    worker = [*dask, "worker", "--scheduler-file", str(file), "--host", "127.0.0.1", *of_a_worker]
    workers = [subprocess.Popen(worker, **quiet) for _ in range(processes)]  # type: ignore[call-overload]
    try:
        from distributed import Client

        while not file.exists():
            time.sleep(0.1)
        with Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(processes)
        found = {"scheduler": [scheduler], "workers": workers}
        yield str(file), {name: [psutil.Process(one.pid) for one in some] for name, some in found.items()}
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=4, help="that hold the slots")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--replicates", type=int, default=16)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--seconds", type=float, default=0.0, help="that a fit takes")
    given = parser.parse_args()
    os.environ["FIT_SECONDS"] = str(given.seconds)
    plausible.dask_setup()
    grow.cost_nothing(plausible.after_a_fit if given.seconds else plausible.plausible)
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "load.toml"
        settings = "".join(f"{name} = {getattr(given, name)!r}\n" for name in SETTINGS)
        others = re.sub(
            rf"(?m)^({'|'.join(SETTINGS)}) = .*\n", "", (HERE / "load.toml").read_text().partition("[confirm]")[0]
        )
        study.write_text(others.replace("[study]\n", f"[study]\n{settings}", 1) + "[confirm]\ntop = 0\n")
        definition = load(study)
        spec = Spec.from_flat(definition.arms[0].space.suggest(RandomTrial(0)))
        replicate = definition.replicate("search", 0)
        sizes = len(pickle.dumps((spec, replicate))), len(pickle.dumps(plausible.plausible(spec, replicate)))
        print(f"a task has {sizes[0]} bytes, its result {sizes[1]}")
        with cluster(given.slots, given.processes, Path(folder)) as (address, processes):
            meter = Meter(processes)
            vaebench.run(study, home=Path(folder) / "home", cluster=address, observer=meter)
            meter.report(given.trials)


if __name__ == "__main__":
    main()
