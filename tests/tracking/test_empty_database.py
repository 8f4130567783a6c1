"""A new database is as MLflow makes it, from what is kept or from nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from vaebench.files import cache_folder
from vaebench.tracking import empty_database
from vaebench.tracking.store import import_mlflow


def content(path: Path) -> tuple[list[str], list[object]]:
    """Return the lines of a database's tables, in no order, as constraints have none, and the rows that are in them."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        lines = sorted(line.strip(" \t,") for _, sql in tables for line in sql.splitlines())
        indices = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'index' ORDER BY 1").fetchall()
        rows = [connection.execute(f'SELECT * FROM "{name}"').fetchall() for name, _ in sorted(tables)]
    return lines, [indices, rows]


def made(folder: Path) -> Path:
    folder.mkdir()
    empty_database.create(folder / "new.db", folder / "artifacts")
    return folder / "new.db"


def test_a_copy_is_as_mlflow_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_mlflow()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("time.time", lambda: 1e9)
    plain = tmp_path / "plain.db"
    empty_database._make(plain, tmp_path / "first" / "artifacts")
    assert content(made(tmp_path / "first")) == content(plain)
    (kept,) = (cache_folder() / "mlflow").iterdir()
    monkeypatch.setattr(empty_database, "_make", None)  # nothing is made again
    lines, rows = content(made(tmp_path / "second"))
    assert lines == content(plain)[0]
    assert repr(rows) == repr(content(plain)[1]).replace("/first/", "/second/")
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept.write_bytes(kept.read_bytes()[:50_000])
    assert content(made(tmp_path / "third"))[0] == lines
    assert not kept.exists(), "it will be made anew"
