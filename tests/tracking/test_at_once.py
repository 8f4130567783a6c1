"""Two studies at once in one home, read all the while: nobody waits in vain, nobody sees half of anything."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import cheap_evaluations
import pytest
from small_studies import STUDY
from stored import trial_runs

from vaebench.api import looking
from vaebench.errors import InputError
from vaebench.files import study_names
from vaebench.tracking.store import open_client

pytestmark = pytest.mark.slow
SCRIPT = """
import logging, sys
from pathlib import Path

import cheap_evaluations, small_studies
import vaebench.search.run as run
from vaebench.results.standings import standings
from vaebench.search.lock import lock
from vaebench.study.file import load
from vaebench.tracking.live import LiveTracking
from vaebench.tracking.sync import bring_up_to_date

logging.basicConfig(stream=sys.stdout, level=logging.WARNING)
run.begin_attainable = cheap_evaluations.scale
home, definition = Path(sys.argv[1]), load(Path(sys.argv[2]))
workers = small_studies.evaluated_by(cheap_evaluations.cheap)
with lock(home, definition.name):
    with LiveTracking(home) as live:
        record = run.run(definition, home=home, executors=workers, observer=live)
    print(bring_up_to_date(home, standings(record), {}).warning or "written")
"""
TRIALS, NAMES = 20, ("first", "second")


def test_two_studies_are_written_and_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"  # a new one: its database is made by both
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(cheap_evaluations.__file__).parent), *sys.path])
    }
    processes = []
    for name in NAMES:
        study = tmp_path / f"{name}.toml"
        study.write_text(STUDY.replace('"small"', f'"{name}"').replace('"tpe"', '"random"'))
        command = [sys.executable, "-c", SCRIPT, str(home), str(study)]
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    seen = {name: [0] for name in NAMES}
    runs_seen, early = [0], []
    while any(process.poll() is None for process in processes):
        threading.Event().wait(2)  # who reads all the time only slows them
        for name in study_names(home):
            try:
                frame = looking.leaderboard(name, home=home)
            except InputError as error:
                early.append(str(error))
                continue
            trials = frame[frame["kind"] == "trial"]
            assert sorted(trials["trial"]) == list(range(len(trials)))
            assert trials["score"].notna().all()
            seen[name].append(len(trials))
        if study_names(home):
            early += looking.status(home=home)["problem"].dropna().tolist()
        if (home / "mlflow.db").exists():  # as the UI does
            client = open_client(home)
            runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
            finished = [run for run in runs if run.info.status == "FINISHED" and "vaebench.trial" in run.data.tags]
            assert all(
                "score" in run.data.metrics and "latent_dim" in run.data.params for run in finished if is_trial(run)
            )
            runs_seen.append(len(runs))
    assert all("has not begun" in problem for problem in early)
    for process in processes:
        output, _ = process.communicate()
        assert (process.returncode, output) == (0, "written\n")
    for name in NAMES:
        assert seen[name] == sorted(seen[name])
        assert seen[name][-1] > 0
        assert [run.info.status for run in trial_runs(home, name)] == ["FINISHED"] * TRIALS
    assert len(set(runs_seen)) > 2, "they were read while they were written"


def is_trial(run: object) -> bool:
    return run.data.tags["vaebench.kind"] == "trial"  # type: ignore[attr-defined]
