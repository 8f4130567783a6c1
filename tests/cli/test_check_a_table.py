"""`vaebench check` on a table itself, and other commands that are given one."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from vaebench.cli import main

CSV = "id;navn;pris\n" + "".join(f"{row};{'Bø' if row % 2 else 'Ås'};{row % 7},{row % 10}\n" for row in range(1, 31))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_bytes(CSV.encode("cp1252"))
    return tmp_path


def said(*arguments: str, status: int) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == status, result.output
    return result.output


@pytest.mark.usefixtures("folder")
def test_its_columns_are_shown_with_kind_range_and_why() -> None:
    lines = [line.split() for line in said("check", "people.csv", status=0).splitlines()]
    assert " ".join(lines[0]) == (
        "people.csv: 30 rows, 3 columns, 1 of them not learned from; semicolons between cells, cp1252"
    )
    assert lines[2] == ["column", "kind", "range", "distinct", "empty", "why"]
    assert lines[3][:2] == ["id", "identifier"]
    assert " ".join(lines[4]) == "navn category Bø, Ås 2 0 2 texts that repeat"
    assert " ".join(lines[5]).startswith("pris continuous 0.1 to 6.7, 1 decimal, as 6,7")


@pytest.mark.usefixtures("folder")
def test_what_keeps_it_from_being_learned_from_is_said() -> None:
    Path("people.csv").write_text("x,y\n1.5,2\n,3\n2.5,4\n")
    assert "warning: file = " in (output := said("check", "people.csv", status=2))
    assert "'x' has a value in 2 of 3 rows, too few to learn from" in output


@pytest.mark.usefixtures("folder")
def test_run_asks_for_a_study_file() -> None:
    output = said("run", "people.csv", status=2)
    assert 'people.csv is a table, and a study file is expected, with [data] file = "people.csv"' in output
    assert "'vaebench check people.csv' shows its columns" in output
