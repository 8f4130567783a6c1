"""The embedded store is repaired: a damaged database is written anew, a moved home finds its artifacts again."""

import hashlib
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hand_made import timed_study as study
from hand_made import timed_trial as trial
from stored import complete, everything, home_with_a_store, trials_with_a_model
from test_sync import Workers

from vaebench.results.standings import standings
from vaebench.search.events import unheard
from vaebench.study.records import StudyRecord
from vaebench.tracking.ids import read_ids
from vaebench.tracking.repair import repair
from vaebench.tracking.store import database, open_client
from vaebench.tracking.sync import is_up_to_date, sync

RECORD, OTHER = study([trial(0), trial(1)]), study([trial(0)], name="other")


def written(home: Path, record: StudyRecord = RECORD) -> None:
    assert sync(home, standings(record), Workers(), unheard) is None


def files(folder: Path) -> dict[Path, str]:
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")  # SQLite's own, of which readers change bytes too
    }


def artifacts_of(home: Path) -> set[Path]:
    """Return the files that MLflow leads to: of the study's run, of the trials' runs and of the champion."""
    client = open_client(home)
    ids = read_ids(home, "gaussian")
    assert ids is not None
    found = {
        path_of(client.get_run(run_id).info.artifact_uri) / item.path
        for run_id in (ids.parent_run, *ids.trials.values())
        for item in client.list_artifacts(run_id)
    }
    champion = client.get_model_version_by_alias("gaussian", "champion")
    found.add(path_of(client.get_model_version_download_uri("gaussian", champion.version)))
    assert found
    assert all(path.exists() for path in found)
    return found


def path_of(address: str) -> Path:
    return Path(unquote(urlsplit(address).path))


@pytest.fixture(scope="module")
def written_home(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that MLflow holds two studies of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        home = home_with_a_store(tmp_path_factory.mktemp("written") / "home", template)
        written(home)
        written(home, OTHER)
    return home


@pytest.fixture
def copy(written_home: Path, tmp_path: Path) -> Path:
    """Return a copy of that home, in a process in which MLflow remembers nothing of the first."""
    from mlflow.tracking._tracking_service import utils

    utils._artifact_repos_cache.clear()
    shutil.copytree(written_home, tmp_path / "copy")
    with closing(sqlite3.connect(database(tmp_path / "copy"))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in the one file
    return tmp_path / "copy"


@pytest.mark.parametrize("name", ["second", "Zweite Wohnung, 100 % (ü)"])
def test_a_moved_home_finds_its_artifacts_and_is_gone_on_with(
    copy: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    repair(copy)
    moved = copy.rename(copy.with_name(name))
    caplog.clear()
    with caplog.at_level(logging.INFO, "vaebench"):
        repair(moved)
        repair(moved)
    assert caplog.messages == [f"{moved} was moved from {copy}: MLflow finds its artifacts here again"]
    assert all(path.is_relative_to(moved) for path in artifacts_of(moved))
    written(moved, study([trial(number) for number in range(3)]))
    assert (complete(moved), trials_with_a_model(moved)) == (3, {0, 1, 2})
    artifacts_of(moved)
    assert not copy.exists(), "nothing was written where it was before"


def test_a_copy_of_a_home_leaves_the_first_alone(copy: Path, written_home: Path) -> None:
    before = files(written_home)
    written(copy, study([trial(number) for number in range(3)]))
    assert all(path.is_relative_to(copy) for path in artifacts_of(copy))
    assert files(written_home) == before


def test_a_home_with_two_names_was_not_moved(written_home: Path, tmp_path: Path) -> None:
    before = files(written_home)
    (tmp_path / "link").symlink_to(written_home)
    repair(tmp_path / "link")
    assert files(written_home) == before


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200_000])


def _overwrite_all(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


def _overwrite_pages(path: Path) -> None:
    """Overwrite everything but the first page, which alone is read on opening."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


@pytest.mark.parametrize("damage", [_truncate, _overwrite_all, _overwrite_pages])
def test_a_damaged_database_is_kept_and_written_anew(
    copy: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    damage(database(copy))
    damaged = database(copy).read_bytes()
    with caplog.at_level(logging.INFO, "vaebench"):
        written(copy, study([trial(number) for number in range(3)]))
    (kept,) = copy.glob("mlflow.damaged-*.db")
    assert kept.read_bytes() == damaged
    assert caplog.messages == [
        f"{database(copy)} was damaged: it is kept as {kept.name}; the next run of a study, or `vaebench sync STUDY`, "
        "writes a new one"
    ]
    assert (complete(copy), trials_with_a_model(copy)) == (3, {0, 1, 2})
    assert not is_up_to_date(copy, OTHER), "the new database has nothing of it"
    written(copy, OTHER)
    assert complete(copy, "other") == 1


def test_lost_and_truncated_artifacts_are_written_again(copy: Path) -> None:
    written(copy)
    before = files(copy / "artifacts")
    pages = [path for path in (copy / "artifacts" / "gaussian").rglob("*") if path.is_file()]
    lost = [path for path in pages if path.name in ("leaderboard.csv", "samples.csv", "python_env.yaml")]
    truncated = [path for path in pages if path.name in ("leaderboard.md", "MLmodel")]
    assert lost
    assert truncated
    for path in lost:
        path.unlink()
    for path in truncated:
        path.write_bytes(b"")
    assert sync(copy, standings(RECORD), Workers(), unheard, again=True) is None
    assert all(path.stat().st_size for path in artifacts_of(copy) if path.is_file())
    after = files(copy / "artifacts")
    of_the_page = {name for name in before if "models" not in name.parts}
    assert {name: after[name] for name in of_the_page} == {name: before[name] for name in of_the_page}
    again = everything(copy)
    assert sync(copy, standings(RECORD), Workers(), unheard, again=True) is None
    assert everything(copy) == again, "and once more there is nothing to do"
