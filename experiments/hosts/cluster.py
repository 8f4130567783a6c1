"""A study on several hosts, disturbed in every way: see README.md."""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from fleet import Fleet, Run, kill, new_database, no_database, start_database
from hosts import NETWORK, Host, impossible, network

NAMES = ("scheduler", "worker1", "worker2", "coordinator", "second", "database")


class Disturbed:
    """Studies that are disturbed, each in a home of its own."""

    def __init__(self, fleet: Fleet, coordinator: Host, second: Host, database: Host, expected: pd.DataFrame) -> None:
        self.fleet, self.coordinator, self.second = fleet, coordinator, second
        self.database, self.expected = database, expected

    def storage(self, name: str) -> str:
        """Return the address of a new database."""
        return new_database(self.database, name, self.fleet.folder / "postgres")

    def run(self, name: str, host: Host | None = None, storage: str = "") -> Run:
        """Start a run on the cluster; with a database the home is the host's own."""
        host = host or self.coordinator
        home = self.fleet.folder / name / (host.name if storage else "home")
        return Run(host, home, ["--cluster", self.fleet.address], storage)

    def to_the_end(self, run: Run) -> str:
        """Return how a run ended, and whether its leaderboard is the undisturbed one."""
        status, seconds = run.ended()
        of_cluster = ("warning: the cluster", "the cluster has")
        warned = "".join(f"\n    {line}" for line in run.said.splitlines() if line.startswith(of_cluster))
        if status != 0:
            return f"status {status} after {seconds:.0f} s: {run.last}{warned}"
        same = run.leaderboard().equals(self.expected)
        return f"status 0 after {seconds:.0f} s, leaderboard {'the same' if same else 'ANOTHER'}{warned}"

    def again(self, run: Run, name: str) -> str:
        """Return how a run ended, and if not well, how the same command ends that is given again."""
        told = self.to_the_end(run)
        return told if told.startswith("status 0") else f"{told}\n  again: {self.to_the_end(self.run(name))}"


def calm(study: Disturbed) -> str:
    """Disturb nothing."""
    return study.to_the_end(study.run("calm"))


def worker_cut(study: Disturbed, seconds: float = 60) -> str:
    """Cut a worker's host off for 60 s."""
    run = study.run("worker_cut")
    run.searching()
    _cut_for(seconds, study.fleet.workers[1])
    return study.to_the_end(run)


def worker_gone(study: Disturbed) -> str:
    """Cut a worker's host off until the run has ended."""
    run = study.run("worker_gone")
    run.searching()
    study.fleet.workers[1].cut()
    told = study.to_the_end(run)
    study.fleet.workers[1].plug()
    return told


def flaky(study: Disturbed) -> str:
    """Lose all packets of the coordinator's host and of a worker's for 2 s in every 6 s."""
    run = study.run("flaky")
    while run.process.poll() is None:
        time.sleep(4)
        _cut_for(2, study.coordinator, study.fleet.workers[0])
    return study.again(run, "flaky")


def coordinator_cut(study: Disturbed) -> str:
    """Cut the coordinator's host off for 20 s."""
    run = study.run("coordinator_cut")
    run.searching()
    _cut_for(20, study.coordinator)
    return study.again(run, "coordinator_cut")


def coordinator_cut_long(study: Disturbed) -> str:
    """Cut the coordinator's host off for 120 s."""
    run = study.run("coordinator_cut_long")
    run.searching()
    _cut_for(120, study.coordinator)
    return study.again(run, "coordinator_cut_long")


def scheduler_killed(study: Disturbed) -> str:
    """Kill the scheduler, start it again after 5 s."""
    run = study.run("scheduler_killed")
    run.searching()
    kill(study.fleet.running["scheduler"])
    time.sleep(5)
    study.fleet.start_scheduler()
    return study.again(run, "scheduler_killed")


def scheduler_gone(study: Disturbed) -> str:
    """Kill the scheduler, start it again when the run has ended."""
    run = study.run("scheduler_gone")
    run.searching()
    kill(study.fleet.running["scheduler"])
    run.ended()
    study.fleet.start_scheduler()
    return study.again(run, "scheduler_gone")


def coordinator_killed(study: Disturbed) -> str:
    """Kill the coordinator; go on on another host, whose home is empty, from the record in PostgreSQL."""
    first = study.run("coordinator_killed", storage=study.storage("coordinator_killed"))
    first.searching()
    kill(first.process)
    return study.to_the_end(study.run("coordinator_killed", study.second, first.storage))


def database_cut(study: Disturbed) -> str:
    """Cut the coordinator's host off for good; ask for its study on another one until it is free."""
    first = study.run("database_cut", storage=study.storage("database_cut"))
    first.searching()
    study.coordinator.cut()
    cut, refused = time.monotonic(), "not refused"
    while True:
        run = study.run("database_cut", study.second, first.storage)
        while run.process.poll() is None and "searching" not in run.said:
            time.sleep(0.2)
        if "is being run by" not in run.said:
            break
        refused = run.last
        run.ended()
    free = time.monotonic() - cut
    told = study.to_the_end(run)
    status, _ = first.ended()
    study.coordinator.plug()
    return f"{refused}\n  after {free:.0f} s it searches: {told}\n  the first run: status {status}, {first.last}"


def _cut_for(seconds: float, *hosts: Host) -> None:
    for host in hosts:
        host.cut()
    time.sleep(seconds)
    for host in hosts:
        host.plug()


FAULTS: dict[str, Callable[[Disturbed], str]] = {
    fault.__name__: fault
    for fault in (
        calm,
        worker_cut,
        worker_gone,
        flaky,
        coordinator_cut,
        coordinator_cut_long,
        scheduler_killed,
        scheduler_gone,
        coordinator_killed,
        database_cut,
    )
}
DATABASES = ("coordinator_killed", "database_cut")
"""Faults that need one."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("fault", nargs="*", help=f"of {', '.join(FAULTS)}.  [all]")
    asked = options.parse_args().fault or list(FAULTS)
    if unknown := set(asked) - set(FAULTS):
        raise SystemExit(f"no such fault: {', '.join(sorted(unknown))}")
    if why := impossible():
        raise SystemExit(why)
    if why := no_database():
        print(f"{why}: without {', '.join(DATABASES)}")
        asked = [fault for fault in asked if fault not in DATABASES]
    with tempfile.TemporaryDirectory(prefix="cluster-") as name, network(*NAMES) as hosts:
        folder = Path(name)
        folder.chmod(0o755)  # for PostgreSQL, which is another user's
        scheduler, *workers, coordinator, second, database = hosts
        alone = Run(coordinator, folder / "alone", ["--workers", "2"])
        print(f"--workers 2 on one host: status {alone.ended()[0]} after {alone.ended()[1]:.0f} s", flush=True)
        fleet = Fleet(folder, scheduler, workers)
        server = None
        try:
            if set(asked) & set(DATABASES):
                server = start_database(database, f"{NETWORK}.0/24", folder / "postgres")
            fleet.start_scheduler()
            fleet.start_workers()
            disturbed = Disturbed(fleet, coordinator, second, database, alone.leaderboard())
            for fault in asked:
                print(f"{fault}: {FAULTS[fault].__doc__}\n  {FAULTS[fault](disturbed)}", flush=True)
        finally:
            fleet.end()
            if server is not None:
                kill(server)


if __name__ == "__main__":
    main()
