"""Real studies on bad days of what they are stored in; prints a table of what became of them.

    python experiments/faults/bad_days.py FOLDER

The server is a real `mlflow server`, the disk a real tmpfs (which takes root).
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

TRIALS = 300
STUDY = f"""
[study]
name = "bad"
trials = {TRIALS}
replicates = 1

[data]
distribution = {{ name = "norm", loc = 100, scale = 10 }}
rows = 40

[evaluation]
generated = 500
true = 500

[fixed]
epochs = 100
batch_size = 16
encoder = [32]
decoder = [32]
variant = "ae"

[search]
latent_dim = {{ int = [1, 4] }}
learning_rate = {{ float = [1e-4, 1e-2], log = true }}

[confirm]
top = 1
replicates = 3
"""


def vaebench(*words: object, uri: str = "") -> "subprocess.Popen[str]":
    environment = os.environ | ({"MLFLOW_TRACKING_URI": uri} if uri else {})
    command = [sys.executable, "-m", "vaebench", *map(str, words)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def said(process: "subprocess.Popen[str]") -> tuple[int, list[str]]:
    """Return the exit status, and the lines that are no progress."""
    _, lines = process.communicate()
    return process.returncode, [line for line in lines.splitlines() if line.startswith(("warning", "error"))]


def count(home: Path) -> int:
    journal = home / "studies" / "bad" / "journal.log"
    return journal.read_text().count('"op_code":4,') if journal.exists() else 0


def wait_until(true: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def server(folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination", f"{folder}/files"]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def ready() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
            return True
        return False

    try:
        wait_until(ready)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def held(folder: Path) -> str:
    """Return what the server's database holds: the states of the trials' runs, and how often a trial is there."""
    with closing(sqlite3.connect(folder / "server.db")) as connection:
        runs = connection.execute(
            "SELECT status, count(*), count(DISTINCT value) FROM runs JOIN tags USING (run_uuid) "
            "WHERE key = 'vaebench.trial' AND lifecycle_stage = 'active' "
            "AND run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'vaebench.kind' AND value = 'trial') "
            "GROUP BY status"
        ).fetchall()
    return ", ".join(f"{number} runs {status} of {distinct} trials" for status, number, distinct in runs) or "nothing"


def stopped(folder: Path, port: int, seconds: float) -> dict[str, object]:
    """Stop the server (SIGSTOP) when 50 trials are there, for so long."""
    home, uri = folder / "home", f"http://127.0.0.1:{port}"
    with server(folder, port) as process:
        run = vaebench("run", folder / "bad.toml", "--home", home, "--workers", 1, uri=uri)
        wait_until(lambda: count(home) >= 50)
        os.killpg(process.pid, signal.SIGSTOP)
        begun = time.monotonic()
        searched = None
        while time.monotonic() - begun < seconds:
            if searched is None and count(home) == TRIALS:
                searched = time.monotonic() - begun
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGCONT)
        status, lines = said(run)
        after_run = held(folder)
        sync_status, sync_lines = said(vaebench("sync", "bad", "--home", home, "--workers", 1, uri=uri))
    return {
        "all trials searched, s after it was stopped": searched and round(searched, 1),
        "run": (status, lines),
        "the server then": after_run,
        "sync": (sync_status, sync_lines),
        "the server after it": held(folder),
    }


def killed(folder: Path, port: int) -> dict[str, object]:
    """Kill the server when 50 trials are there, start another one when 150 are."""
    home, uri = folder / "home", f"http://127.0.0.1:{port}"
    with server(folder, port):
        run = vaebench("run", folder / "bad.toml", "--home", home, "--workers", 1, uri=uri)
        wait_until(lambda: count(home) >= 50)
    wait_until(lambda: count(home) >= 150)
    with server(folder, port):
        status, lines = said(run)
        after_run = held(folder)
        sync_status, sync_lines = said(vaebench("sync", "bad", "--home", home, "--workers", 1, uri=uri))
    return {
        "run": (status, lines),
        "the server then": after_run,
        "sync": (sync_status, sync_lines),
        "the server after it": held(folder),
    }


def hanging(folder: Path, port: int) -> dict[str, object]:
    """Take requests and answer none, from beginning to end, with MLflow's settings as they are."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", port))
        listening.listen(100)
        begun = time.monotonic()
        run = vaebench(
            "run", folder / "bad.toml", "--home", folder / "home", "--workers", 1, uri=f"http://127.0.0.1:{port}"
        )
        wait_until(lambda: count(folder / "home") == TRIALS)
        searched = time.monotonic() - begun
        status, lines = said(run)
    return {"run": (status, lines), "s from the last trial to the end": round(time.monotonic() - begun - searched, 1)}


def full(folder: Path, port: int) -> dict[str, object]:
    """Fill a disk of 2.6 MB; then make it 100 MB."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2600k", "tmpfs", disk], check=True)
    try:
        run = ("run", folder / "bad.toml", "--home", disk / "home", "--workers", 1)
        first = said(vaebench(*run))
        trials = count(disk / "home")
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        second = said(vaebench(*run))
        return {"run": first, "trials": trials, "run with room": second, "trials then": count(disk / "home")}
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def moved(folder: Path, port: int) -> dict[str, object]:
    """Run 20 trials, move the home, export, load the champion, go on to 30 trials."""
    first, second = folder / "first", folder / "second"
    run = (folder / "bad.toml", "--workers", 1)
    said(vaebench("run", *run, "--home", first, "--trials", 20))
    first.rename(second)
    board = said(vaebench("leaderboard", "bad", "--home", second))
    code = (
        "import mlflow, pandas\n"
        "print(mlflow.pyfunc.load_model('models:/bad@champion').predict(pandas.DataFrame({'n': [7]})).shape)"
    )
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{second}/mlflow.db"}
    loaded = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    more = said(vaebench("run", *run, "--home", second, "--trials", 30))
    there = first.exists()
    return {
        "leaderboard": board,
        "the champion's 7 rows": loaded.stdout.strip() or loaded.stderr[-300:],
        "30 trials": more,
        "trials": count(second),
        "something in the old place": there,
    }


DAYS: dict[str, Callable[[Path, int], dict[str, object]]] = {
    "stopped for 10 s": lambda folder, port: stopped(folder, port, 10),
    "stopped for a minute": lambda folder, port: stopped(folder, port, 60),
    "killed and started again": killed,
    "hangs": hanging,
    "full disk": full,
    "moved home": moved,
}


def main() -> None:
    """Have each bad day in a folder of its own."""
    for name, day in DAYS.items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        folder = Path(sys.argv[1]).absolute() / name.replace(" ", "-")
        folder.mkdir(parents=True)
        (folder / "bad.toml").write_text(STUDY)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        print(name, json.dumps(day(folder, port), indent=2), flush=True)


if __name__ == "__main__":
    main()
