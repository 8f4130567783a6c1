import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import cheap_evaluations
import pytest
from cheap_evaluations import cheap, logged, signals, wide_fails, wide_is_nan, wide_raises
from hand_made import record as hand_made_record
from hand_made import trial as hand_made_trial
from small_studies import GRID, STUDY, Heard, evaluated_by, in_process, none_at_all, timeless

from vaebench.errors import InputError
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.scoring import attainable
from vaebench.scoring.score import mean_metrics, mean_score
from vaebench.search import attainable_cache as attaining
from vaebench.search import workers as cluster
from vaebench.search.attainable_cache import begin_attainable
from vaebench.search.confirmation import candidates
from vaebench.search.lock import lock
from vaebench.search.run import confirm, run
from vaebench.search.store import RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.records import Diagnosis, StudyRecord

Read = Callable[..., StudyDefinition]


def go(definition: StudyDefinition, home: Path, evaluate: object = cheap, **options: object) -> StudyRecord:
    keywords = {"executors": in_process, **options}
    keywords["executors"] = evaluated_by(evaluate, keywords["executors"])  # type: ignore[arg-type]
    return run(definition, home=home, **keywords)  # type: ignore[arg-type]


def test_a_study_from_its_definition_to_its_leaderboard(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaebench.search.run.begin_attainable", begin_attainable)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(attainable, "SCREENING", 3)
    monkeypatch.setattr(attaining, "final_draws", lambda inputs: (3, 8))
    monkeypatch.setattr(attaining, "PIECE", 2)
    record = go(definition, tmp_path)
    inputs = replace(definition.replicate("attainable", 0), study_seed=0)
    assert record.attainable == attainable.attainable(inputs, screening=3, draws=5)
    assert {len(one.search) for one in record.baselines} == {2}
    assert {len(one.confirmation) for one in record.baselines} == {4}
    confirmed = sorted(trial.number for trial in record.trials if trial.confirmation)
    by_score = sorted(record.trials, key=lambda trial: mean_score(trial.results, record.attainable))
    assert confirmed == sorted(trial.number for trial in by_score[:3])
    assert len(leaderboard(standings(record))) == 20 + len(record.baselines)


def test_again_does_nothing_and_more_trials_add_the_missing(read: Read, tmp_path: Path) -> None:
    first = go(read(trials=60), tmp_path)
    heard = Heard()
    assert go(read(trials=60), tmp_path, executors=none_at_all, observer=heard) == first
    assert (heard.idle, heard.numbers, heard.targets) == (1, [], [60])
    heard = Heard()
    more = go(read(), tmp_path, trials=80, observer=heard)
    assert (heard.idle, heard.numbers, heard.targets) == (0, list(range(60, 80)), [80])
    assert [trial.results for trial in more.trials[:60]] == [trial.results for trial in first.trials]
    assert len(more.trials) == 80


def test_extended_is_as_run_at_once(read: Read, tmp_path: Path) -> None:
    go(read(trials=30, confirm_top=0), tmp_path / "twice")
    twice = go(read(trials=50), tmp_path / "twice")
    assert timeless(twice) == timeless(go(read(trials=50), tmp_path / "once"))


def test_extended_arms_try_what_they_would_have_tried_at_once(read: Read, tmp_path: Path) -> None:
    text = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')

    def tried(record: StudyRecord) -> dict[str, list[object]]:
        return {arm: [one.params for one in record.trials if one.arm == arm] for arm in ("variant=ae", "variant=vae")}

    go(read(text, trials=6, confirm_top=0), tmp_path / "twice")
    twice = go(read(text, trials=10, confirm_top=0), tmp_path / "twice")
    assert tried(twice) == tried(go(read(text, trials=10, confirm_top=0), tmp_path / "once"))


def test_stopped_before_its_scale_is_known_a_study_can_be_looked_at(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("vaebench.search.run.begin_attainable", lambda *_: interrupted)
        with pytest.raises(KeyboardInterrupt):
            go(definition, tmp_path)
    stopped = RecordStore.open(tmp_path, "small").record()
    assert len(leaderboard(standings(stopped))) == 0
    assert timeless(go(definition, tmp_path)) == timeless(go(definition, tmp_path / "at once"))


def test_a_trial_that_breaks_down_on_every_draw_is_not_diagnosed_again_and_again(
    definition: StudyDefinition, tmp_path: Path
) -> None:
    record = go(definition, tmp_path)
    confirmed = [trial for trial in record.trials if trial.confirmation]
    assert [trial.diagnosis for trial in confirmed] == [Diagnosis((), {})] * 3
    assert confirm("small", home=tmp_path, executors=none_at_all) == record


def test_the_best_of_each_variant_is_confirmed_too() -> None:
    scores = [3.0, 1.0, 1.1, None, 1.2, 5.0, 2.0, 1.6, 1.5]
    variants = ["ae", "vae", "vae", "ae", "vae", "other", "ae", "poor", "poor"]
    trials = [hand_made_trial(number, [score], variant=variants[number]) for number, score in enumerate(scores)]
    for number in (6, 7, 8):
        trials[number] = replace(trials[number], pruned="plainly worse than trial 1 after 4 of 8 replicates")
    assert [one.number for one in candidates(hand_made_record(*trials), 2)] == [1, 2, 0, 5, 8]
    assert candidates(hand_made_record(*trials), 0) == []


def test_without_confirmation(definition: StudyDefinition, tmp_path: Path) -> None:
    record = go(definition, tmp_path, confirm=False)
    assert not any(source.confirmation for source in (*record.trials, *record.baselines))


def test_what_is_confirmed_is_kept_and_what_is_missing_is_added(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "evaluations"
    monkeypatch.setenv("EVALUATIONS", str(log))
    first = go(read(), tmp_path, logged)
    log.write_text("")
    heard = Heard()
    kwargs = {"home": tmp_path, "executors": evaluated_by(logged), "observer": heard}
    second = confirm("small", top=4, replicates=6, **kwargs)  # type: ignore[arg-type]
    indices = sorted(int(line.split()[1]) for line in log.read_text().splitlines())
    assert indices == sorted([4, 5] * 3 + [0, 1, 2, 3, 4, 5])
    assert len(heard.confirmations) == 4
    for before, after in zip(first.trials, second.trials, strict=True):
        assert after.confirmation[: len(before.confirmation)] == before.confirmation
    assert {len(one.confirmation) for one in second.baselines} == {6}
    again = confirm("small", top=4, replicates=6, **(kwargs | {"executors": none_at_all}))  # type: ignore[arg-type]
    assert again == second
    assert heard.idle == 1
    third = confirm("small", top=1, replicates=8, **kwargs)  # type: ignore[arg-type]
    assert {len(trial.confirmation) for trial in third.trials} == {0, 8}, "rows are compared draw by draw"
    assert sum(bool(trial.confirmation) for trial in third.trials) == 4


def test_confirming_what_nobody_ran_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown study 'small'"):
        confirm("small", home=tmp_path, executors=none_at_all)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("evaluate", "reason"),
    [
        (wide_fails, "overflow in epoch 3"),
        (wide_raises, "ValueError: latent_dim .* is too much"),
        (wide_is_nan, "ks is nan"),
    ],
)
def test_a_failure_is_its_trials_own(read: Read, tmp_path: Path, evaluate: object, reason: str) -> None:
    record = go(read(sampler="random", trials=30), tmp_path, evaluate)
    wide = [trial for trial in record.trials if int(str(trial.params["latent_dim"])) > 21]
    assert 5 < len(wide) < 25
    assert [trial for trial in record.trials if trial.reason] == wide
    for trial in wide:
        assert trial.reason is not None
        assert re.fullmatch(reason, trial.reason)
        assert len(trial.results) == 2
    store = RecordStore.open(tmp_path, "small")
    assert [trial.number for trial in store.finished("") if trial.state.name == "FAIL"] == [
        trial.number for trial in wide
    ]
    assert not any(trial.confirmation for trial in wide)
    assert go(read(sampler="random", trials=30), tmp_path, evaluate, executors=none_at_all) == record


def test_a_pareto_search_and_a_comparison(read: Read, tmp_path: Path) -> None:
    text = STUDY.replace("[confirm]", '[compare]\nvariant = ["ae", "vae"]\n\n[confirm]')
    record = go(read(text, objectives=("ks", "mean_error", "std_error"), trials=6), tmp_path)
    assert [trial.arm for trial in record.trials] == (["variant=ae"] * 4 + ["variant=vae"] * 4) + (
        ["variant=ae"] * 2 + ["variant=vae"] * 2
    )
    assert all(trial.arm == f"variant={trial.params['variant']}" for trial in record.trials)
    store = RecordStore.open(tmp_path, "small")
    first = record.trials[0]
    assert tuple(store.finished("variant=ae")[0].values) == tuple(
        mean_metrics(first.results)[name] for name in ("ks", "mean_error", "std_error")
    )


def test_a_grid_ends_with_its_cells(read: Read, tmp_path: Path) -> None:
    heard = Heard()
    assert len(go(read(GRID), tmp_path, observer=heard).trials) == 18
    assert heard.targets == [18]
    assert len(go(read(GRID), tmp_path, executors=none_at_all, observer=heard).trials) == 18
    assert heard.idle == 1


def test_no_time_asks_for_nothing(definition: StudyDefinition, tmp_path: Path) -> None:
    assert go(definition, tmp_path, time_limit=0.0).trials == ()


def test_a_second_coordinator_is_refused(definition: StudyDefinition, tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from vaebench.search.lock import lock\n"
        "with lock(Path(sys.argv[1]), 'small'): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"study 'small' is being run by process {process.pid} on "):
            go(definition, tmp_path)
        process.kill()
    with lock(tmp_path, "small"):  # a dead holder's lock is free
        pass


SCRIPT = """
import sys
from pathlib import Path
from typing import NoReturn

import cheap_evaluations, small_studies
import vaebench.search.run as run
from vaebench.search import workers as cluster
from vaebench.study import file as study_file

if __name__ == "__main__":
    run.begin_attainable = cheap_evaluations.scale
    cluster._load_everywhere = lambda client: None
    home, workers = Path(sys.argv[1]), int(sys.argv[2])
    run.run(
        study_file.load(home / "study.toml"),
        home=home,
        executors=small_studies.evaluated_by(cheap_evaluations.signals, lambda: cluster.executor(workers)),
    )
"""


def run_process(
    home: Path, workers: int, number: int, at: int, victim: str = "self"
) -> "subprocess.CompletedProcess[str]":
    """Run the small study in a process that the evaluation numbered `at` sends the signal `number`."""
    (home / "study.toml").write_text(STUDY)
    script = home / "script.py"
    script.write_text(SCRIPT)
    environment = os.environ | {
        "PYTHONPATH": str(Path(cheap_evaluations.__file__).parent),
        "EVALUATIONS": str(home / "evaluations"),
        "AT": str(at),
        "VICTIM": victim,
        "SIGNAL": str(number),
    }
    command = [sys.executable, str(script), str(home), str(workers)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False, start_new_session=True
    )


@pytest.mark.parametrize("at", [0, 19, 43])
def test_killed_at_any_moment_it_goes_on_as_if_it_had_not_been(
    definition: StudyDefinition, tmp_path: Path, at: int
) -> None:
    assert run_process(tmp_path, 0, signal.SIGKILL, at).returncode == -signal.SIGKILL
    store = RecordStore.open(tmp_path, "small")
    assert store.count == min(at // 2, 20)
    assert all(trial.state.is_finished() for trial in store.finished(""))
    record = go(definition, tmp_path)
    assert timeless(record) == timeless(go(definition, tmp_path / "other"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_is_finished(tmp_path: Path, number: int) -> None:
    ended = run_process(tmp_path, 0, number, 19)
    assert ended.stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert RecordStore.open(tmp_path, "small").count == 9


@pytest.mark.parametrize(("number", "victim"), [(signal.SIGINT, "group"), (signal.SIGKILL, "parent")])
def test_the_end_of_the_coordinator_ends_the_workers(
    tmp_path: Path, definition: StudyDefinition, number: int, victim: str
) -> None:
    ended = run_process(
        tmp_path, 2, number, 19, victim
    )  # returns when the last process that holds its output has ended
    if number == signal.SIGINT:
        assert ended.returncode == -signal.SIGINT
        assert ended.stderr.splitlines()[-1] == "KeyboardInterrupt"
        assert ended.stderr.count("Traceback") == 1, ended.stderr
    assert RecordStore.open(tmp_path, "small").count < 20
    assert timeless(go(definition, tmp_path)) == timeless(go(definition, tmp_path / "other"))


def test_two_workers_one_of_them_killed_give_the_same_record(
    definition: StudyDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_load_everywhere", lambda client: None)
    monkeypatch.setenv("EVALUATIONS", str(tmp_path / "evaluations"))
    for name, value in {"AT": "7", "VICTIM": "self", "SIGNAL": str(int(signal.SIGKILL))}.items():
        monkeypatch.setenv(name, value)
    record = go(definition, tmp_path, signals, executors=lambda: cluster.executor(2))
    assert len((tmp_path / "evaluations").read_text()) > 20 * 2 + 3 * 4  # some were evaluated again
    assert [trial.number for trial in record.trials] == list(range(20))
    assert not any(trial.reason for trial in record.trials)
    assert timeless(record) == timeless(go(definition, tmp_path / "other"))
