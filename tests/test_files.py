"""Where state lives, and how it is written. Formats, pipes and links: tests/results/test_export.py."""

import os
import stat
from pathlib import Path
from typing import NoReturn

import pytest
from unprivileged import unprivileged

from vaebench.errors import InputError
from vaebench.files import (
    cache_folder,
    check_place,
    check_writable,
    home_folder,
    own_cache,
    study_folder,
    study_names,
    write_output,
    write_whole,
)
from vaebench.search.storage import existing_study


def fill_half(path: Path) -> NoReturn:
    path.write_text("half of what was to be")
    raise OSError(28, "No space left on device")


def fill_nothing(path: Path) -> NoReturn:
    raise ValueError("nothing to write")


def interrupt(path: Path) -> NoReturn:
    path.write_text("half of what was to be")
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("writer", "error"), [(fill_half, OSError), (fill_nothing, ValueError), (interrupt, KeyboardInterrupt)]
)
def test_a_failing_writer_leaves_the_old_file_and_no_part(
    tmp_path: Path, writer: object, error: type[BaseException]
) -> None:
    (tmp_path / "ids.json").write_text("old")
    with pytest.raises(error):
        write_whole(tmp_path / "ids.json", writer)  # type: ignore[arg-type]
    assert (tmp_path / "ids.json").read_text() == "old"
    assert os.listdir(tmp_path) == ["ids.json"]


@pytest.mark.parametrize("writer", [fill_half, fill_nothing])
def test_a_failing_writer_begins_no_file(tmp_path: Path, writer: object) -> None:
    with pytest.raises((OSError, ValueError)):
        write_whole(tmp_path / "ids.json", writer)  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    path.write_text("old")

    def look(part: Path) -> None:
        part.write_text("new")
        assert part != path
        assert part.parent == tmp_path, "replaced within one file system"
        assert path.read_text() == "old"

    write_whole(path, look)
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["ids.json"]


def test_output_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("old")
    with pytest.raises(InputError, match=r"^cannot write .*new\.csv: No space left on device$"):
        write_output(tmp_path / "new.csv", fill_half)
    assert (tmp_path / "new.csv").read_text() == "old"
    with pytest.raises(InputError, match=r"the folder .*none does not exist"):
        write_output(tmp_path / "none" / "new.csv", fill_half)
    with pytest.raises(InputError, match="it is a folder"):
        check_place(tmp_path)


def test_a_home_is_given_or_set_or_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VAEBENCH_HOME", raising=False)
    assert home_folder() == tmp_path / "runs"
    monkeypatch.setenv("VAEBENCH_HOME", "elsewhere")
    assert home_folder() == tmp_path / "elsewhere"
    assert home_folder("given") == tmp_path / "given"


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/vaebench")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "vaebench"


def test_a_cache_is_made_for_its_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = own_cache("xla", "here")
    assert folder == tmp_path / "cache" / "vaebench" / "xla" / "here"
    assert {stat.S_IMODE(made.stat().st_mode) for made in (folder, folder.parent, folder.parent.parent)} == {0o700}
    assert own_cache("xla", "here") == folder


@pytest.mark.parametrize("where", ["vaebench", "vaebench/xla", "vaebench/xla/here"])
@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_a_cache_that_others_can_write_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, mode: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own_cache("xla", "here")
    (tmp_path / where).chmod(mode)
    with pytest.raises(PermissionError, match=rf"{where} can be written to by others: delete it, or set XDG_"):
        own_cache("xla", "here")
    (tmp_path / where).chmod(0o755)  # others may read it
    own_cache("xla", "here")


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a folder away")
def test_a_cache_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    os.chown(own_cache("xla"), 65534, 65534)
    with pytest.raises(PermissionError, match=r"xla belongs to another user: delete it, or set XDG_CACHE_HOME"):
        own_cache("xla")


def test_a_study_is_known_by_its_journal(tmp_path: Path) -> None:
    for name in ("b", "a", "only a lock"):
        study_folder(tmp_path, name).mkdir(parents=True)
    for name in ("b", "a"):
        (study_folder(tmp_path, name) / "journal.log").touch()
    assert study_names(tmp_path) == ["a", "b"]
    assert existing_study(tmp_path, "a").journal("a").where == str(tmp_path / "studies" / "a" / "journal.log")
    with pytest.raises(InputError, match=r"unknown study 'only a lock'.*\(known: a, b\)"):
        existing_study(tmp_path, "only a lock")


def test_a_home_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    check_writable(tmp_path / "not" / "yet" / "there")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"home .*runs: .*file is no folder"):
        check_writable(tmp_path / "file" / "runs")
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(InputError, match=r"there is no permission to write in .*locked"):
        unprivileged(lambda: check_writable(tmp_path / "locked" / "runs"))
