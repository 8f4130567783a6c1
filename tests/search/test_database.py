"""Records in a database that hosts share: those of files, and no password, lock or foreign table gets in the way."""

import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cheap_evaluations
import optuna
import pytest
from cheap_evaluations import cheap, wide_fails
from postgres_server import PASSWORD, SECRETS, Server, serving_postgres
from small_studies import STUDY, go, timeless

from vaebench.errors import InputError
from vaebench.results.export import write
from vaebench.results.leaderboard import leaderboard
from vaebench.results.standings import standings
from vaebench.search.database import Database
from vaebench.search.database import database as at
from vaebench.search.storage import storage_at
from vaebench.search.store import FORMAT, RecordStore
from vaebench.study.definition import StudyDefinition
from vaebench.study.file import load
from vaebench.study.records import Attainable, Result, StudyRecord
from vaebench.study.replicate import Replicate
from vaebench.study.spec import Spec
from vaebench.tracking.discard import discard
from vaebench.tracking.ids import read_ids, write_ids

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving_postgres() as server:
        yield server


@pytest.fixture
def database(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let records be in a new database, and return its name."""
    name = server.new_database()
    monkeypatch.setenv("VAEBENCH_STORAGE", server.address(name))
    return name


def locked(definition: StudyDefinition, home: Path, evaluate: object = cheap, **options: object) -> StudyRecord:
    """Run a study as `vaebench run` does: with its lock."""
    with storage_at(home).lock(definition.name):
        return go(definition, home, evaluate, **options)


def in_a_file(definition: StudyDefinition, home: Path, evaluate: object = cheap) -> StudyRecord:
    """Run a study whose record is a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VAEBENCH_STORAGE")
        return locked(definition, home, evaluate)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> StudyRecord:
    """Return the small study's record, as a file has it, without times."""
    folder = tmp_path_factory.mktemp("file")
    (folder / "study.toml").write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaebench.search.run.begin_attainable", cheap_evaluations.scale)
        return timeless(go(load(folder / "study.toml"), folder))


def csv(record: StudyRecord, folder: Path) -> bytes:
    folder.mkdir(exist_ok=True)
    write(leaderboard(standings(timeless(record)), {}), folder / "leaderboard.csv")
    return (folder / "leaderboard.csv").read_bytes()


CHANGES = {
    "one objective": {},
    "three, in a Pareto search": {"objectives": ("ks", "mean_error", "std_error"), "sampler": "nsga2"},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.usefixtures("database")
def test_the_leaderboard_is_that_of_a_file_to_the_byte_and_other_hosts_read_it(
    read: Callable[..., StudyDefinition], tmp_path: Path, changes: dict[str, object]
) -> None:
    definition = read(**changes, trials=12)
    in_file = in_a_file(definition, tmp_path / "file", wide_fails)
    record = locked(definition, tmp_path / "first", wide_fails)
    assert any(trial.reason for trial in record.trials)
    assert csv(record, tmp_path / "a") == csv(in_file, tmp_path / "b")
    assert timeless(record) == timeless(in_file)
    assert storage_at(tmp_path / "second").names() == ["small"]
    assert RecordStore.open(tmp_path / "second", "small").record() == record
    assert not (tmp_path / "second").exists()
    assert not list((tmp_path / "first").glob("studies/*"))


@contextmanager
def optunas_own(address: str) -> Iterator[optuna.storages.RDBStorage]:
    storage = optuna.storages.RDBStorage(address.replace("postgresql:", "postgresql+psycopg:"))
    yield storage
    storage.engine.dispose()


def test_optuna_itself_reads_the_database(
    server: Server, database: str, definition: StudyDefinition, tmp_path: Path
) -> None:
    record = locked(replace(definition, trials=8), tmp_path)
    with optunas_own(server.address(database)) as storage:
        study = optuna.load_study(study_name="small", storage=storage)
        trials = study.trials
    assert [trial.value for trial in trials] == [
        trial.value for trial in RecordStore.open(tmp_path, "small").finished()[""]
    ]
    assert [trial.params["latent_dim"] for trial in trials] == [trial.params["latent_dim"] for trial in record.trials]
    assert {trial.state.name for trial in trials} == {"COMPLETE"}


@pytest.mark.usefixtures("database")
def test_numbers_and_texts_come_back_exactly(definition: StudyDefinition, tmp_path: Path) -> None:
    def odd(spec: Spec, replicate: Replicate) -> Result:
        result = cheap(spec, replicate)
        metrics = {**result.metrics, "ks": 5e-324, "exact": float("inf"), "naïve \x00\ud800 'quoted'": 1 / 3}
        return replace(result, metrics=metrics, started=2e9 + 1 / 3)

    definition = replace(definition, trials=4)
    assert timeless(locked(definition, tmp_path, odd)) == timeless(in_a_file(definition, tmp_path / "file", odd))


SCRIPT = """
import sys
from pathlib import Path

import cheap_evaluations, small_studies
import vaebench.search.run as run
from vaebench.search.storage import storage_at
from vaebench.study.file import load

run.begin_attainable = cheap_evaluations.scale
home = Path(sys.argv[1])
with storage_at(home).lock("small"):
    small_studies.go(load(home / "study.toml"), home, cheap_evaluations.signals)
"""


@pytest.fixture
def stopped(tmp_path: Path, database: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Return a process on another host, as it were, that was stopped in the 19th evaluation of its run."""
    home = tmp_path / "first"
    home.mkdir()
    (home / "study.toml").write_text(STUDY)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(cheap_evaluations.__file__).parent), *sys.path]),
        "EVALUATIONS": str(home / "evaluations"),
        "AT": "19",
        "VICTIM": "self",
        "SIGNAL": str(int(signal.SIGSTOP)),
    }
    with subprocess.Popen([sys.executable, "-c", SCRIPT, str(home)], env=environment) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        yield process
        process.kill()


def test_a_dead_coordinator_frees_its_lock_and_another_host_goes_on(
    stopped: "subprocess.Popen[bytes]",
    database: str,
    server: Server,
    definition: StudyDefinition,
    undisturbed: StudyRecord,
    tmp_path: Path,
) -> None:
    said = (
        rf"^study 'small' is being run by process {stopped.pid} on {re.escape(socket.gethostname())} since "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: wait for it, or end it$"
    )
    for _ in range(2):
        with pytest.raises(InputError, match=said):
            locked(definition, tmp_path / "second")
    with storage_at(tmp_path).lock("other"):
        pass
    stopped.kill()
    stopped.wait()
    backends = f"SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'process {stopped.pid} %'"
    while server.execute(database, backends):  # the server sees the connection end
        pass
    record = locked(definition, tmp_path / "second")
    evaluations = len((tmp_path / "first" / "evaluations").read_text())
    assert evaluations == 20
    assert timeless(record) == undisturbed


def test_a_server_that_is_restarted_ends_a_run_with_one_line_and_the_next_goes_on(
    server: Server,
    database: str,
    definition: StudyDefinition,
    undisturbed: StudyRecord,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    evaluations: list[Spec] = []

    def restarts(spec: Spec, replicate: Replicate) -> Result:
        evaluations.append(spec)
        if len(evaluations) == 19:
            server.stop()
            server.start()
        return cheap(spec, replicate)

    said = (
        f"{server.address(database, None)}: the record cannot be reached (the connection was lost); "
        "what is finished is kept, and the same command goes on from here"
    )
    with pytest.raises(OSError, match=f"^{re.escape(said)}$"), caplog.at_level(logging.WARNING):
        locked(definition, tmp_path, restarts)
    assert not caplog.messages
    assert RecordStore.open(tmp_path, "small").count == 9
    assert timeless(locked(definition, tmp_path)) == undisturbed


def test_a_server_that_is_away_ends_a_run_too(
    server: Server, database: str, definition: StudyDefinition, tmp_path: Path
) -> None:
    with storage_at(tmp_path).lock("small"):
        store = RecordStore.create_or_open(tmp_path, definition)
        server.stop()
        try:
            for use in (lambda: store.set_attainable(Attainable({"ks": 1.0})), store.record):
                with pytest.raises(OSError, match=r"the record cannot be reached \(.*\); what is finished is kept"):
                    use()
        finally:
            server.start()


def test_who_lost_the_lock_writes_no_more(
    server: Server, database: str, definition: StudyDefinition, tmp_path: Path
) -> None:
    with storage_at(tmp_path).lock("small"):
        store = RecordStore.create_or_open(tmp_path, definition)
        server.execute(database, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        with Database(server.address(database)).lock("small"):  # as another process does
            for _ in range(2):
                with pytest.raises(OSError, match="the record cannot be reached"):
                    store.set_attainable(Attainable({"ks": 1.0}))
    assert not RecordStore.open(tmp_path, "small").record().attainable.metrics


def test_the_server_takes_a_host_that_vanished_for_lost_within_a_minute(server: Server, database: str) -> None:
    """Whether it was silent when its cable was cut, or just being answered (experiments/hosts tries it)."""
    there = Database(server.address(database))
    with there.lock("small"):
        silent = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
        (idle,), (interval,), (count,), (answered,) = (
            there._locked["small"].execute(f"SHOW {name}").fetchone() for name in silent
        )
    assert (int(idle) + int(interval) * int(count), int(answered)) == (60, 60_000)  # s, ms


def test_ids_in_mlflow_are_the_same_on_every_host(database: str, definition: StudyDefinition, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with storage_at(first).lock("small"):
        RecordStore.create_or_open(first, definition)
    ids = read_ids(first, "small")
    assert ids is not None
    assert read_ids(second, "small") == ids
    written = replace(ids, parent_run="run", trials={"0": "a"}, written="all")
    for home in (first, second):
        write_ids(home, "small", written)
    with storage_at(first).lock("small"):
        discard(first, definition)
        assert storage_at(second).names() == []
        RecordStore.create_or_open(first, definition)
    assert read_ids(first, "small") == replace(written, trials={}, written="")
    assert read_ids(second, "small") == written, "what was written of the study is looked at anew by its next run"
    with storage_at(first).lock("small"):
        discard(first, replace(definition, seed=77))
        RecordStore.create_or_open(first, replace(definition, seed=77))
    found = read_ids(second, "small")
    assert found == read_ids(first, "small")
    assert found is not None
    assert (found.study != ids.study, found.owner, found.trials) == (True, ids.study, {})


DAMAGES = {
    "a trial's record": "UPDATE trial_user_attributes SET value_json = left(value_json, 40) WHERE key = 'record'",
    "a trial's number": "UPDATE trial_user_attributes SET value_json = replace(value_json, 'ber\": 1,', 'ber\": 7,')",
    "a trial is gone": "DELETE FROM trial_user_attributes WHERE trial_id = 2",
    "the definition": "UPDATE study_user_attributes SET value_json = '{\"own\": 1}' WHERE key = 'definition'",
    "no definition": "DELETE FROM study_user_attributes WHERE key = 'definition'",
    "an attribute": "UPDATE study_user_attributes SET value_json = '{' WHERE key = 'attainable'",
    "a later format": f"UPDATE study_user_attributes SET value_json = '{FORMAT + 1}' WHERE key = 'format'",
    "Optuna's version": "UPDATE alembic_version SET version_num = 'v9.9.9'",
    "a column": "ALTER TABLE trial_user_attributes RENAME value_json TO gone",
}
TABLES = ("trial_user_attributes", "study_user_attributes", "alembic_version")


def everything(server: Server, database: str) -> list[object]:
    """Return all rows of a database, by table."""
    tables = server.execute(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    each = [f"SELECT '{name}', json_agg(t ORDER BY 1) FROM {name} t" for (name,) in tables]
    return server.execute(database, " UNION ALL ".join(each))


def test_a_damaged_record_is_refused_and_nothing_is_written(
    server: Server, database: str, definition: StudyDefinition, tmp_path: Path
) -> None:
    locked(replace(definition, trials=4), tmp_path)
    server.execute(database, "CREATE SCHEMA kept", *(f"CREATE TABLE kept.{name} AS TABLE {name}" for name in TABLES))
    for what, damage in DAMAGES.items():
        server.execute(database, damage)
        before = everything(server, database)
        at.cache_clear()
        for use in (lambda: RecordStore.open(tmp_path, "small").record(), lambda: locked(definition, tmp_path)):
            with pytest.raises(InputError, match=server.address(database, None)):
                use()
        assert everything(server, database) == before, what
        if what != "a column":  # the last one
            for name in TABLES:
                server.execute(database, f"TRUNCATE {name}", f"INSERT INTO {name} SELECT * FROM kept.{name}")
            assert RecordStore.open(tmp_path, "small").record().trials, "it is whole again"


def test_a_database_of_something_else_is_refused(
    server: Server, database: str, definition: StudyDefinition, tmp_path: Path
) -> None:
    server.execute(database, "CREATE TABLE experiments (name text)", "CREATE TABLE studies (name text)")
    before = everything(server, database)
    said = r"the database holds something else \(tables: experiments, studies\): name one of its own for records"
    with pytest.raises(InputError, match=said):
        storage_at(tmp_path).names()
    with pytest.raises(InputError, match=said):
        locked(definition, tmp_path)
    assert everything(server, database) == before


def test_studies_that_others_keep_in_the_database_are_left_alone(
    server: Server, database: str, definition: StudyDefinition, tmp_path: Path
) -> None:
    with optunas_own(server.address(database)) as storage:
        for name in ("small", "theirs"):
            optuna.create_study(storage=storage, study_name=name).optimize(lambda trial: 1.0, n_trials=1)
    before = everything(server, database)
    assert storage_at(tmp_path).names() == []
    with pytest.raises(InputError, match="it has trials but no definition: vaebench did not make it"):
        locked(definition, tmp_path)
    assert everything(server, database) == before
    with storage_at(tmp_path).lock("ours"):
        RecordStore.create_or_open(tmp_path, replace(definition, name="ours"))
    assert storage_at(tmp_path).names() == ["ours"]


@pytest.mark.parametrize(
    ("password", "database", "said"),
    [
        ("wrong-password", "postgres", 'password authentication failed for user "ada"; it is that of VAEBENCH_STORAGE'),
        (None, "postgres", "no password supplied; it is that of VAEBENCH_STORAGE, PGPASSWORD or ~/.pgpass"),
        (PASSWORD, "nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_what_the_server_refuses_is_said_in_one_line_without_the_password(
    server: Server, password: str | None, database: str, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        Database(server.address(database, password)).names()
    assert said in str(refused.value)
    assert str(refused.value).startswith(server.address(database, None))
    assert "\n" not in str(refused.value)
    assert not any(secret in str(refused.value) for secret in (*SECRETS, "wrong-password"))
