"""Time the commands that read the study which grow.py made: wall time, CPU time and memory of each, with the load."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from vaebench.errors import InputError

HERE = Path(__file__).parent
PORT = 5931


def timed(name: str, command: list[str]) -> str:
    """Run a command and print what it took. Return its output."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        began = time.monotonic()
        with out.open("wb") as file:
            process = subprocess.Popen(command, stdout=file)
            _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        text = out.read_text()
    cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(
        f"{name:12s} {wall:6.1f} s, CPU {cpu:5.1f} s, {memory:5.0f} MB, load {os.getloadavg()[0]:.1f}, status {status}"
    )
    return text


def page(home: Path) -> None:
    """Open the study's page in Chromium, twice, and print how long its rows took to appear. Keep a picture."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise InputError("the page needs Chromium")
    command = [sys.executable, "-m", "vaebench", "ui", "load", "--home", str(home), "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    began, address = time.monotonic(), server.stdout.readline().strip()
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        print(f"{'server':12s} {time.monotonic() - began:6.1f} s until it answers")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for _ in range(2):
                shown = browser.new_page(viewport={"width": 1500, "height": 950})
                began = time.monotonic()
                shown.goto(address)
                shown.get_by_text(re.compile(r"trial \d+ ·")).first.wait_for(timeout=120_000)
                print(f"{'page':12s} {time.monotonic() - began:6.1f} s until its rows, load {os.getloadavg()[0]:.1f}")
                shown.screenshot(path=home / "page.png")
                shown.close()
            browser.close()
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--page", action="store_true", help="Open the study's page as well, which needs Chromium.")
    given = parser.parse_args()
    vaebench = [sys.executable, "-m", "vaebench"]
    where = ["--home", str(given.home)]
    for file in (given.home / "studies" / "load" / "journal.log", given.home / "mlflow.db"):
        print(f"{file.name:12s} {file.stat().st_size / 1e6:6.1f} MB")
    said = timed("status", [*vaebench, "status", "load", *where])
    timed("export", [*vaebench, "leaderboard", "load", "--csv", str(given.home / "leaderboard.csv"), *where])
    if given.page:
        page(given.home)
    match = re.search(r": (\d+) of", said)
    assert match is not None
    more = str(int(match[1]) + 4)
    print(f"going on to {more} trials:")
    print(timed("going on", [sys.executable, str(HERE / "grow.py"), str(given.home), "--trials", more]), end="")


if __name__ == "__main__":
    main()
