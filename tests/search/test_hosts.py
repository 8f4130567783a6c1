"""A study on hosts with addresses of their own: the short form of experiments/hosts/cluster.py."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import cheap_evaluations
import pytest
from small_studies import STUDY, go, timeless

from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition

FOLDER = Path(__file__).parents[2] / "experiments" / "hosts"
SCRIPT = """
import sys
from pathlib import Path

import cheap_evaluations, small_studies
import vaebench.search.run as run
from vaebench.search import workers as cluster
from vaebench.study import file as study_file

run.begin_attainable = cheap_evaluations.scale
home = Path(sys.argv[1])
run.run(
    study_file.load(home / "study.toml"),
    home=home,
    executors=small_studies.evaluated_by(cheap_evaluations.logged, lambda: cluster.executor(0, sys.argv[2])),
)
"""


def end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_study_outlives_its_scheduler_and_ends_as_in_one_process(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import hosts

    if why := hosts.impossible():
        pytest.skip(why)
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "script.py").write_text(SCRIPT)
    done, said = tmp_path / "evaluations", tmp_path / "said"
    path = os.pathsep.join([str(Path(cheap_evaluations.__file__).parent), *filter(None, sys.path)])
    common = {"said": said, "environment": {"PYTHONPATH": path, "EVALUATIONS": str(done)}, "folder": tmp_path}
    with hosts.network("scheduler", "worker", "coordinator") as (first, second, third):
        address = f"tcp://{first.address}:8786"
        command = hosts.scheduler(8786, first.address)
        scheduler = first.start(*command, **common)
        # without a nanny, which takes 10 s to end when it has lost its scheduler
        worker = second.start(*hosts.for_ever([*hosts.worker(address), "--no-nanny"]), **common)
        coordinator = third.start(sys.executable, str(tmp_path / "script.py"), str(tmp_path), address, **common)
        try:
            while not done.exists() or done.read_text().count("search") < 8:
                assert coordinator.poll() is None, said.read_text()
            end(scheduler)
            scheduler = first.start(*command, **common)
            assert coordinator.wait(120) == 0, said.read_text()
        finally:
            for process in (coordinator, worker, scheduler):
                end(process)
    record = RecordStore.open(tmp_path, "small").record()
    assert timeless(record) == timeless(go(definition, tmp_path / "alone"))
    assert done.read_text().count("\n") >= 20 * 2 + 3 * 4
