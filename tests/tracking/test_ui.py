"""The MLflow UI: the right store, the study's page, and what a browser shows there."""

import json
import os
import shutil
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from tracking_server import free_port, serving

from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.tracking.sync import bring_up_to_date
from vaebench.tracking.ui import shared_server, ui_command, ui_url

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


def test_the_command_serves_the_store_of_the_home(tmp_path: Path) -> None:
    command = ui_command(tmp_path, port=5123)
    assert command is not None
    argv, env = command
    assert argv[argv.index("--backend-store-uri") + 1] == f"sqlite:///{tmp_path}/mlflow.db"
    assert argv[argv.index("--host") + 1] == "127.0.0.1"
    assert argv[argv.index("--port") + 1] == "5123"
    assert env["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_a_tracking_server_has_its_ui_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://tracking.example/")
    assert ui_command(tmp_path) is None
    assert ui_url(tmp_path) == "https://tracking.example"


def test_a_study_that_was_never_written_opens_the_start_page(tmp_path: Path) -> None:
    assert ui_url(tmp_path, "gaussian", port=5123) == "http://127.0.0.1:5123"


@pytest.mark.slow
def test_the_server_answers_this_machine_alone_and_reports_to_nobody(home: Path) -> None:
    bring_up_to_date(home, standings(study([trial(0)])), {})
    port = free_port()
    with serving(home, port) as url:
        (listener,) = {
            connection.laddr.ip
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        }
        assert listener == "127.0.0.1"
        status = {}
        hosts = [f"127.0.0.1:{port}", f"localhost:{port}", "evil.example", "10.evil.example", "192.168.0.evil.example"]
        for host in hosts:
            for path in ("/", "/ajax-api/2.0/mlflow/experiments/search?max_results=1"):
                asked = urllib.request.Request(url + path, headers={"Host": host})
                try:
                    with urllib.request.urlopen(asked, timeout=30) as answer:
                        status.setdefault(host, set()).add(answer.status)
                except urllib.error.HTTPError as error:
                    status.setdefault(host, set()).add(error.code)
        assert status == {host: {200} if host in hosts[:2] else {403} for host in hosts}
        with urllib.request.urlopen(f"{url}/ajax-api/3.0/mlflow/ui-telemetry", timeout=30) as answer:
            assert json.load(answer)["disable_ui_telemetry"] is True
        (server,) = [
            process
            for process in psutil.process_iter()
            if process.ppid() == os.getpid() and "mlflow" in " ".join(process.cmdline())
        ]
        environments = [process.environ() for process in (server, *server.children(recursive=True))]
        assert {environment.get("MLFLOW_DISABLE_TELEMETRY") for environment in environments} == {"true"}


def test_what_others_can_reach_asks_for_a_name_and_a_password(tmp_path: Path) -> None:
    command = shared_server(tmp_path, 5123)
    for words in (
        "--host 0.0.0.0",
        "--allowed-hosts NAME:5123",
        "--app-name basic-auth",
        "MLFLOW_DISABLE_TELEMETRY=true",
    ):
        assert words in command


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None and "CI" not in os.environ, reason="needs Chromium")
def test_the_page_of_a_study_lists_its_trials_with_their_scores(home: Path, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "the browser test needs Chromium"
    record = study([trial(number, confirmed=3 * (number in (0, 3, 6))) for number in range(9)], confirmed=3)
    hostile = "<img src=x onerror=alert(1)> ![picture](http://evil.example/x.png)"
    record = replace(record, definition=replace(record.definition, question=hostile))
    bring_up_to_date(home, standings(record), {})
    frame = leaderboard(standings(record))
    port = free_port()
    with serving(home, port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1800, "height": 1000})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))
        page.goto(ui_url(home, "gaussian", port=port))
        page.get_by_text("trial 3 · vae · mse · gaussian").wait_for(timeout=60_000)
        page.screenshot(path=tmp_path / "study.png")

        def column(name: str) -> list[str]:
            """Return a column's cells from the top: the last line of each, the others are hidden buttons."""
            cells = page.locator(f'[role=gridcell][col-id="{name}"]').all()
            placed = sorted((cell.bounding_box()["y"], cell.inner_text()) for cell in cells)
            return [text.strip().rpartition("\n")[2] for _, text in placed]

        names, scores = column("attributes.`Run Name`"), column("metrics.`confirmed.score`")
        browser.close()
    assert {url for url in asked if not url.startswith((f"http://127.0.0.1:{port}/", "data:", "blob:"))} == set()
    confirmed = frame[frame["status"] == "confirmed"]
    shown = [float(score) for score in scores[: len(confirmed)]]
    assert shown == pytest.approx(confirmed["score"].tolist(), abs=1e-6)
    trials = [name for name in names if name.startswith("trial")]
    assert len(trials) == 9
    assert [int(name.split()[1]) for name in trials[:3]] == confirmed["trial"].dropna().tolist()
